/** What a process of rehome ends with; the one table of `design.md` section 5, printed by `rehome help exit-status`. */
export const exitStatus: Readonly<{
  done: 0;
  failed: 1;
  usage: 2;
  refused: 3;
  different: 4;
  paused: 5;
  incomplete: 6;
  cancelled: 7;
  interrupted: 130;
}> = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  different: 4,
  paused: 5,
  incomplete: 6,
  cancelled: 7,
  interrupted: 130,
};

/** One of the statuses a command may end with. */
export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/** What each status means, for people. */
export const exitStatusMeaning: Readonly<Record<keyof typeof exitStatus, string>> = {
  done: "done (also -n without findings)",
  failed: "failed",
  usage: "the command line is wrong",
  refused: "refused by validation, or -n with findings; nothing changed",
  different: "verification, store check or diff found differences",
  paused: "paused, can be resumed",
  incomplete: "done, but the items listed failed",
  cancelled: "cancelled",
  interrupted: "interrupted",
};

/** Stable name of a failure; part of the API. */
export type ErrorCode =
  | "USAGE"
  | "INTERRUPTED"
  | "SYSTEM_CALL"
  | "NO_SPACE"
  | "NOT_PERMITTED"
  | "SYSTEM_NOT_FOUND"
  | "SYSTEM_UNSUITABLE"
  | "TREE_CHANGED"
  | "TOOL_FAILED"
  | "HOOK_FAILED"
  | "WORKER_FAILED"
  | "STORE_NOT_FOUND"
  | "STORE_UNSUITABLE"
  | "STORE_DAMAGED"
  | "INDEX_DAMAGED"
  | "OBJECT_DAMAGED"
  | "OBJECT_MISSING"
  | "OBJECT_EXISTS"
  | "KEY_NEEDED"
  | "KEY_WRONG"
  | "KEY_NOT_FOUND"
  | "KEY_LAST"
  | "FORMAT_UNKNOWN"
  | "FORMAT_INVALID"
  | "IMAGE_NOT_FOUND"
  | "IMAGE_AMBIGUOUS"
  | "IMAGE_UNTRUSTED"
  | "PATH_NOT_FOUND"
  | "SESSION_LAPSED"
  | "TARGET_UNSUITABLE"
  | "TARGET_DIFFERS"
  | "COPY_NOT_PREPARED"
  | "LAYOUT_INVALID"
  | "LAYOUT_REFUSED"
  | "BOOT_LOADER"
  | "DISK_NOT_CLEAN"
  | "BOOT_TEST_FAILED"
  | "DISK_IMAGE_UNSUITABLE"
  | "DEVICE_REFUSED"
  | "JOB_NOT_FOUND"
  | "JOB_BUSY"
  | "JOB_LOST"
  | "JOB_STATE"
  | "JOB_UNKNOWN"
  | "JOB_CANCELLED"
  | "JOB_PAUSED"
  | "UNDO_REFUSED"
  | "TIMED_OUT"
  | "JOURNAL_UNSUITABLE"
  | "MANIFEST_INVALID"
  | "MACHINE_STATE"
  | "MACHINE_NOT_OWNED"
  | "MACHINE_UNSUITABLE"
  | "BUILD_INVALID"
  | "BUILD_NOT_RESUMABLE"
  | "BUILD_BUSY"
  | "CHECKPOINT_FAILED"
  | "GOLDEN_UNREACHABLE"
  | "SESSION_REFUSED"
  | "SESSION_EXISTS"
  | "SESSION_NOT_FOUND"
  | "SESSION_TOKEN_MISSING"
  | "CRASH_POINT";

/** The exit status of every error code. A code that is not here does not compile. */
export const exitStatusOfError: Readonly<Record<ErrorCode, ExitStatus>> = {
  USAGE: exitStatus.usage,
  INTERRUPTED: exitStatus.interrupted,
  SYSTEM_CALL: exitStatus.failed,
  NO_SPACE: exitStatus.failed,
  NOT_PERMITTED: exitStatus.failed,
  SYSTEM_NOT_FOUND: exitStatus.usage,
  SYSTEM_UNSUITABLE: exitStatus.refused,
  TREE_CHANGED: exitStatus.failed,
  TOOL_FAILED: exitStatus.failed,
  HOOK_FAILED: exitStatus.failed,
  WORKER_FAILED: exitStatus.failed,
  STORE_NOT_FOUND: exitStatus.usage,
  STORE_UNSUITABLE: exitStatus.refused,
  STORE_DAMAGED: exitStatus.different,
  INDEX_DAMAGED: exitStatus.failed,
  OBJECT_DAMAGED: exitStatus.different,
  OBJECT_MISSING: exitStatus.different,
  OBJECT_EXISTS: exitStatus.refused,
  KEY_NEEDED: exitStatus.refused,
  KEY_WRONG: exitStatus.refused,
  KEY_NOT_FOUND: exitStatus.usage,
  KEY_LAST: exitStatus.refused,
  FORMAT_UNKNOWN: exitStatus.refused,
  FORMAT_INVALID: exitStatus.different,
  IMAGE_NOT_FOUND: exitStatus.usage,
  IMAGE_AMBIGUOUS: exitStatus.usage,
  IMAGE_UNTRUSTED: exitStatus.refused,
  PATH_NOT_FOUND: exitStatus.usage,
  SESSION_LAPSED: exitStatus.failed,
  TARGET_UNSUITABLE: exitStatus.refused,
  TARGET_DIFFERS: exitStatus.different,
  COPY_NOT_PREPARED: exitStatus.failed,
  LAYOUT_INVALID: exitStatus.usage,
  LAYOUT_REFUSED: exitStatus.refused,
  BOOT_LOADER: exitStatus.failed,
  DISK_NOT_CLEAN: exitStatus.failed,
  BOOT_TEST_FAILED: exitStatus.failed,
  DISK_IMAGE_UNSUITABLE: exitStatus.refused,
  DEVICE_REFUSED: exitStatus.refused,
  JOB_NOT_FOUND: exitStatus.usage,
  JOB_BUSY: exitStatus.refused,
  JOB_LOST: exitStatus.failed,
  JOB_STATE: exitStatus.refused,
  JOB_UNKNOWN: exitStatus.refused,
  JOB_CANCELLED: exitStatus.cancelled,
  JOB_PAUSED: exitStatus.paused,
  UNDO_REFUSED: exitStatus.refused,
  TIMED_OUT: exitStatus.failed,
  JOURNAL_UNSUITABLE: exitStatus.failed,
  MANIFEST_INVALID: exitStatus.refused,
  MACHINE_STATE: exitStatus.refused,
  MACHINE_NOT_OWNED: exitStatus.refused,
  MACHINE_UNSUITABLE: exitStatus.refused,
  BUILD_INVALID: exitStatus.refused,
  BUILD_NOT_RESUMABLE: exitStatus.refused,
  BUILD_BUSY: exitStatus.refused,
  CHECKPOINT_FAILED: exitStatus.failed,
  GOLDEN_UNREACHABLE: exitStatus.failed,
  SESSION_REFUSED: exitStatus.refused,
  SESSION_EXISTS: exitStatus.refused,
  SESSION_NOT_FOUND: exitStatus.usage,
  SESSION_TOKEN_MISSING: exitStatus.usage,
  CRASH_POINT: exitStatus.failed,
};

import { getSystemErrorMessage, inspect } from "node:util";
import { InterruptedError, RehomeError } from "../../core/errors.ts";
import { exitStatus, exitStatusOfError, type ErrorCode, type ExitStatus } from "../../core/exit-status.ts";
import { safeText } from "../render/safe-text.ts";

/** What is said of a failure. */
export interface Failure {
  /** `INTERNAL` for what no one foresaw, which is a mistake in the program. */
  readonly code: ErrorCode | "INTERNAL";
  readonly message: string;
  readonly remedy: string;
  readonly status: ExitStatus;
}

/** Turns anything that was thrown into what is said of it and the status to end with. */
export function describeFailure(thrown: unknown): Failure {
  const error = originOf(thrown);
  if (error instanceof RehomeError) {
    const code = codeByErrno(errnoNameOf(error)) ?? error.code;
    return failure(code, error.message, error.remedy);
  }
  if (isAbort(error)) return describeFailure(new InterruptedError("the command"));
  if (isSystemError(error)) return describeSystemError(error);
  if (isDatabaseError(error)) return describeDatabaseError(error);
  const text = error instanceof Error ? error.message : safeText(String(error));
  return {
    code: "INTERNAL",
    message: `cannot go on: ${text}`,
    remedy: "This is a mistake in rehome. Run it again with -vv and report what it prints.",
    status: exitStatus.failed,
  };
}

/** The whole story for `-vv`: stacks of an error and of what caused it, the outermost first. */
export function traceFailure(thrown: unknown): string[] {
  const lines: string[] = [];
  for (let error: unknown = originOf(thrown), depth = 0; error !== undefined && depth < 8; depth++) {
    const text = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
    lines.push(...(depth === 0 ? text : `caused by: ${text}`).split("\n"));
    error = error instanceof Error ? error.cause : undefined;
  }
  return lines;
}

/** The failure itself, where cleaning up after it failed too. */
function originOf(thrown: unknown): unknown {
  let error = thrown;
  while (error instanceof SuppressedError) error = error.suppressed;
  return error;
}

interface SystemError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall?: string;
  readonly path?: string;
}

function describeSystemError(error: SystemError): Failure {
  const call = actions[error.syscall ?? ""] ?? error.syscall ?? "go on";
  const subject = error.path === undefined ? "" : ` "${safeText(error.path)}"`;
  const code = codeByErrno(error.code) ?? "SYSTEM_CALL";
  return failure(code, `cannot ${call}${subject}: ${getSystemErrorMessage(error.errno)}`, remedyOf(error.code));
}

interface DatabaseError extends Error {
  /** A result code of SQLite; the low byte is its class. */
  readonly errcode: number;
}

function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}

/** The index of chunks is a database in the state directory. */
function describeDatabaseError(error: DatabaseError): Failure {
  const full = 13;
  const action = "cannot keep the index of chunks in the state directory";
  return (error.errcode & 0xff) === full
    ? failure("NO_SPACE", `${action}: ${error.message}`, remedyOf("ENOSPC"))
    : failure(
        "SYSTEM_CALL",
        `${action}: ${error.message}`,
        "Remove the cache in the state directory; it is made anew.",
      );
}

/** What system calls do, where their names do not tell everybody. */
const actions: Readonly<Record<string, string>> = {
  mkdir: "make the directory",
  rmdir: "remove the directory",
  scandir: "list the directory",
  unlink: "remove",
  lstat: "look at",
  stat: "look at",
  statfs: "look at the file system of",
  fsync: "write out",
};

function failure(code: ErrorCode, message: string, remedy: string): Failure {
  return { code, message, remedy, status: exitStatusOfError[code] };
}

function codeByErrno(name: string | undefined): ErrorCode | undefined {
  if (name === "ENOSPC" || name === "EDQUOT") return "NO_SPACE";
  if (name === "EACCES" || name === "EPERM" || name === "EROFS") return "NOT_PERMITTED";
  return undefined;
}

function remedyOf(name: string): string {
  if (name === "ENOSPC" || name === "EDQUOT")
    return "Free room there, then run the same command again; what was finished stays.";
  if (name === "EROFS") return "It is read-only: choose another place, or mount it for writing.";
  if (name === "EACCES" || name === "EPERM") return "Run as a user who may do that, or as root.";
  if (name === "ENOENT") return "Check the name.";
  if (name === "EMFILE" || name === "ENFILE") return "Raise the limit of open files (ulimit -n).";
  return "Run with -vv to see where it comes from.";
}

/** Failures of system calls carry the name of the error, whichever module made them. */
function errnoNameOf(error: RehomeError): string | undefined {
  return "errnoName" in error && typeof error.errnoName === "string" ? error.errnoName : undefined;
}

function isSystemError(error: unknown): error is SystemError {
  return (
    error instanceof Error &&
    "errno" in error &&
    typeof error.errno === "number" &&
    error.errno < 0 &&
    "code" in error &&
    typeof error.code === "string"
  );
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

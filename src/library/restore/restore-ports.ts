import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { isMounted, syncFileSystemLater } from "../../host/file-systems.ts";
import { flock } from "../../host/libc.ts";
import { errnoNameOf } from "../../host/system-call-error.ts";
import { linuxTreeReader } from "../../host/tree/linux-tree-reader.ts";
import { linuxTreeWriter } from "../../host/tree/linux-tree-writer.ts";
import type { RestorePorts, WritePool } from "../../system/restore/ports.ts";
import type { RestoreFacts } from "../../system/restore/plan.ts";
import { findUnfinished, isMountPoint, kindOfTarget, type TryLock } from "../../system/restore/stage.ts";
import { makeWriteThreads } from "../settings/write-pool.ts";

/** flock(2), exclusive, without waiting. */
export const tryLock: TryLock = (file) => flock(file, 2 | 4) === 0;

/** What restore needs of this machine. */
export function restorePorts(pool: WritePool = makeWriteThreads()): RestorePorts {
  const tree = linuxTreeReader();
  const lossy = new Set([
    "EPERM",
    "EACCES",
    "ENOTSUP",
    "EOPNOTSUPP",
    "EINVAL",
    "ENOTTY",
    "ENAMETOOLONG",
    "EMLINK",
    "EXDEV",
  ]);
  return {
    tree,
    writer: linuxTreeWriter(tree),
    pool,
    syncFileSystem: syncFileSystemLater,
    isLoss: (error) => lossy.has(errnoNameOf(error) ?? ""),
    isMissing: (error) => ["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoNameOf(error) ?? ""),
  };
}

/** What there is to know of a restore's target, absolute and without symlinks. `newStage` is a name not in use beside it. */
export function lookAtTarget(target: string, newStage: string): RestoreFacts {
  return {
    target,
    kind: kindOfTarget(target),
    isMountPoint: isMountPoint(target) || isMounted(target),
    unfinished: findUnfinished(target, tryLock),
    freeBytes: freeBytesAt(target),
    newStage,
  };
}

/** Bytes that this user may still write where `target` is or will be. */
function freeBytesAt(target: string): number {
  for (let path = target; ; path = dirname(path)) {
    try {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    } catch {
      if (path === "/") return Number.MAX_SAFE_INTEGER;
    }
  }
}

import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { growDescriptorTable } from "../host/descriptor-table.ts";
import { syncFileSystem } from "../host/file-systems.ts";
import { flock } from "../host/libc.ts";
import { errnoNameOf } from "../host/system-call-error.ts";
import { linuxTreeReader } from "../host/tree/linux-tree-reader.ts";
import { linuxTreeWriter } from "../host/tree/linux-tree-writer.ts";
import type { WriteBatch, WriteBatchResult } from "../system/restore/files/file-batch.ts";
import type { RestorePorts } from "../system/restore/ports.ts";
import type { TryLock } from "../system/restore/stage.ts";
import { WorkerPool } from "../workers/pool.ts";
import type { RestoreWorkerData } from "../workers/restore-worker.ts";
import { workerCount } from "./worker-count.ts";

/** flock(2), exclusive, without waiting. */
export const tryLock: TryLock = (file) => flock(file, 2 | 4) === 0;

/** What restore needs of this machine. */
export function restorePorts(): RestorePorts {
  growDescriptorTable();
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
    startPool: ({ exact }) =>
      new WorkerPool<WriteBatch, WriteBatchResult>(
        "restore-worker",
        { exact } satisfies RestoreWorkerData,
        workerCount(),
      ),
    syncFileSystem: (directory) => Promise.resolve(syncFileSystem(directory)),
    isLoss: (error) => lossy.has(errnoNameOf(error) ?? ""),
    isMissing: (error) => ["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoNameOf(error) ?? ""),
  };
}

/** Bytes that this user may still write where `target` is or will be. */
export function freeBytesAt(target: string): number {
  for (let path = target; ; path = dirname(path)) {
    try {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    } catch {
      if (path === "/") return Number.MAX_SAFE_INTEGER;
    }
  }
}

import { join } from "node:path";
import type { JobId } from "../../engine/job.ts";
import type { JobLocks } from "../../engine/ports.ts";
import { isFileLocked, tryLockFile } from "../file-locks.ts";

/** The kernel's locks on the file `lock` in each job's directory. */
export function kernelLocks(directoryOf: (id: JobId) => string): JobLocks {
  const fileOf = (id: JobId): string => join(directoryOf(id), "lock");
  return { tryLock: (id) => tryLockFile(fileOf(id)), isLocked: (id) => isFileLocked(fileOf(id)) };
}

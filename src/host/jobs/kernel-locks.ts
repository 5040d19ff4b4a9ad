import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { JobId } from "../../engine/job.ts";
import type { JobLocks } from "../../engine/ports.ts";
import { isFileLocked, tryLockFile } from "../file-locks.ts";

/** The kernel's locks on the file `lock` in each job's directory below `directory`. */
export function kernelLocks(directory: string): JobLocks {
  const fileOf = (id: JobId): string => join(directory, id, "lock");
  return {
    tryLock(id) {
      mkdirSync(dirname(fileOf(id)), { recursive: true, mode: 0o700 });
      return tryLockFile(fileOf(id));
    },
    isLocked: (id) => isFileLocked(fileOf(id)),
  };
}

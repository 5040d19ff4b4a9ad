import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import type { JobId } from "../../engine/job.ts";
import type { JobLocks } from "../../engine/ports.ts";
import { fcntlLock } from "../libc.ts";
import { byteStringFromText } from "../../core/tree/byte-string.ts";
import { errnoNameOf, SystemCallError } from "../system-call-error.ts";

/**
 * Locks of open file descriptions on the file `lock` in each job's directory (fcntl(2), F_OFD_SETLK). The kernel frees one
 * when the process is dead, however it died; looking at one does not take it, so that a look never keeps an owner out.
 */
export function kernelLocks(directoryOf: (id: JobId) => string): JobLocks {
  const open = (id: JobId): number => openSync(join(directoryOf(id), "lock"), "a", 0o600);
  return {
    tryLock(id) {
      const file = open(id);
      if (call(file, commands.set, writeLock()) === undefined) {
        closeSync(file);
        return undefined;
      }
      return { [Symbol.dispose]: () => closeSync(file) };
    },
    isLocked(id) {
      let file: number;
      try {
        file = openSync(join(directoryOf(id), "lock"), "r+");
      } catch (error) {
        if (errnoNameOf(error) === "ENOENT") return false;
        throw error;
      }
      try {
        return call(file, commands.get, writeLock())?.readInt16LE(0) !== unlocked;
      } finally {
        closeSync(file);
      }
    },
  };
}

// Values of fcntl.h; the same on x86-64 and arm64.
const commands = { get: 36, set: 37 } as const;
const unlocked = 2;

/** A `struct flock` for the whole file: type (write), whence, start, length, process. */
function writeLock(): Buffer {
  const lock = Buffer.alloc(32);
  lock.writeInt16LE(1, 0);
  return lock;
}

/** The lock as the kernel filled it in; undefined if another description holds it. */
function call(file: number, command: number, lock: Buffer): Buffer | undefined {
  if (fcntlLock(file, command, lock) === 0) return lock;
  const error = new SystemCallError("fcntl", byteStringFromText("lock"));
  if (["EAGAIN", "EACCES"].includes(errnoNameOf(error) ?? "")) return undefined;
  throw error;
}

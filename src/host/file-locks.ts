import { closeSync, openSync, statSync } from "node:fs";
import { byteStringFromText } from "../core/tree/byte-string.ts";
import { fcntlLock } from "./libc.ts";
import { errnoNameOf, SystemCallError } from "./system-call-error.ts";

/**
 * Takes the lock of a file (of the open file description: fcntl(2), F_OFD_SETLK), which is made if it is absent;
 * undefined if another description holds it. The kernel frees it when the process is dead, however it died.
 */
export function tryLockFile(path: string): Disposable | undefined {
  const file = openSync(path, "a", 0o600);
  if (call(file, commands.set, writeLock()) === undefined) {
    closeSync(file);
    return undefined;
  }
  return { [Symbol.dispose]: () => closeSync(file) };
}

/** Says whether a file is locked. It looks without taking the lock, so that a look never keeps an owner out. */
export function isFileLocked(path: string): boolean {
  // Most locks that are looked for were never made, and to fail takes long.
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
  let file: number;
  try {
    file = openSync(path, "r+");
  } catch (error) {
    if (errnoNameOf(error) === "ENOENT") return false;
    throw error;
  }
  try {
    return call(file, commands.get, writeLock())?.readInt16LE(0) !== unlocked;
  } finally {
    closeSync(file);
  }
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

import { closeSync, constants, fsync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { posixFadvise, POSIX_FADV_DONTNEED } from "../libc.ts";
import type { StreamTarget } from "../../system/restore/streams/write-stream.ts";

/** Opens a block device that this process then has for itself. @throws With the code EBUSY if somebody uses it. */
export function openDeviceTarget(path: string): StreamTarget & Disposable {
  return targetOf(path, openSync(path, constants.O_RDWR | constants.O_EXCL), false);
}

/** Makes a file of `sizeBytes`, or opens the one that an earlier run of the same job made (0600, never through a symlink). */
export function openFileTarget(path: string, sizeBytes: number): StreamTarget & Disposable {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  ftruncateSync(file, sizeBytes);
  return targetOf(path, file, true);
}

/** Opens a file that was written before, to read it only (never through a symlink). */
export function openWrittenFile(path: string): StreamTarget & Disposable {
  return targetOf(path, openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW), true);
}

const syncLater = promisify(fsync);

function targetOf(path: string, file: number, isZeroed: boolean): StreamTarget & Disposable {
  return {
    path,
    isZeroed,
    write(bytes, offset) {
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, offset + done);
    },
    read(into, offset) {
      let done = 0;
      while (done < into.length) {
        const count = readSync(file, into, done, into.length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    },
    sync: () => syncLater(file),
    forget: () => void posixFadvise(file, 0, 0, POSIX_FADV_DONTNEED),
    [Symbol.dispose]: () => closeSync(file),
  };
}

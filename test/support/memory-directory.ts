import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import type { TestContext } from "node:test";
import { temporaryDirectory } from "./temporary-directory.ts";

const neededBytes = 2 * 1024 ** 3;

/** A directory for the length of the test, in memory where there is room: for tests that wait for a disk without need. */
export function memoryDirectory(context: TestContext): string {
  return temporaryDirectory(context, hasRoom("/dev/shm") ? "/dev/shm" : tmpdir());
}

function hasRoom(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize > neededBytes;
  } catch {
    return false;
  }
}

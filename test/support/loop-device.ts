import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import type { TestContext } from "node:test";
import { atEnd } from "./at-end.ts";
import { run } from "./run.ts";

/**
 * Makes a file a block device for the length of the test. Partitions that the kernel knows of it by then go with it.
 *
 * @param sizeBytes The file is made, of so many zeroes.
 */
export function loopDevice(context: TestContext, file: string, sizeBytes?: number): string {
  if (sizeBytes !== undefined) {
    writeFileSync(file, "");
    truncateSync(file, sizeBytes);
  }
  const device = run("losetup", "--find", "--show", file).trim();
  atEnd(context, () => {
    forgetPartitions(device);
    run("losetup", "--detach", device);
  });
  return device;
}

export function forgetPartitions(device: string): void {
  whileOthersLook(() => {
    const numbers = partitionsOf(device).map((name) => name.replace(/.*p/, ""));
    return numbers.every((number) => spawnSync("delpart", [device, number]).status === 0);
  });
}

/** Names of the partitions that the kernel knows of a device: `loop3p1`. */
export function partitionsOf(device: string): string[] {
  return readdirSync(`/sys/block/${basename(device)}`)
    .filter((name) => /p\d+$/.test(name))
    .toSorted();
}

/**
 * Whoever looks at all devices (lsblk, in another test) has one open for a moment; one that was mounted is so until the last process has
 * ended that got a mount namespace of its own meanwhile.
 */
export function whileOthersLook(isDone: () => boolean): void {
  const endMs = performance.now() + 60_000;
  while (!isDone()) {
    if (performance.now() > endMs) throw new Error("it is in use for a minute");
    run("sleep", "0.05");
  }
}

/** Nobody has a device mounted, or for itself. */
export function isFree(device: string): boolean {
  try {
    closeSync(openSync(device, constants.O_RDONLY | constants.O_EXCL));
    return true;
  } catch {
    return false;
  }
}

import { spawnSync } from "node:child_process";
import { truncateSync, writeFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { partitionsOf } from "../../src/host/disk/device-users.ts";
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

/** Makes the kernel forget the partitions that it knows of a device. */
export function forgetPartitions(device: string): void {
  whileOthersLook(() => {
    const numbers = partitionsOf(device).map((name) => name.replace(/.*p/, ""));
    return numbers.every((number) => spawnSync("delpart", [device, number]).status === 0);
  });
}

/** Whoever looks at all devices (lsblk, in another test) has one open for a moment. */
export function whileOthersLook(isDone: () => boolean): void {
  const endMs = performance.now() + 60_000;
  while (!isDone()) {
    if (performance.now() > endMs) throw new Error("it is in use for a minute");
    run("sleep", "0.05");
  }
}

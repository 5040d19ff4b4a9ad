import { spawnSync } from "node:child_process";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { atEnd } from "./at-end.ts";
import { run } from "./run.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A small ext4 has blocks of 1 KiB unless told, and no room for long symlinks and large xattrs then. */
const ext4 = ["mkfs.ext4", "-q", "-b", "4096"];

/** Makes a file system in a file, mounts it for the length of the test and returns an empty directory in it. */
export function loopFileSystem(context: TestContext, sizeMib = 256, makeFileSystem: readonly string[] = ext4): string {
  const mountPoint = loopMount(context, sizeMib, makeFileSystem);
  const directory = join(mountPoint, "work");
  mkdirSync(directory);
  return directory;
}

/** As {@link loopFileSystem}; returns the mount point itself. */
export function loopMount(context: TestContext, sizeMib = 256, makeFileSystem: readonly string[] = ext4): string {
  const place = temporaryDirectory(context);
  const image = join(place, "image");
  writeFileSync(image, "");
  truncateSync(image, sizeMib * 1024 * 1024);
  const [program = "", ...words] = makeFileSystem;
  run(program, ...words, image);
  return mount(context, join(place, "mounted"), "-o", "loop", image);
}

/** Mounts a file system in memory for the length of the test. `options` as for `mount -o`. */
export function memoryMount(context: TestContext, options: string): string {
  return mount(context, join(temporaryDirectory(context), "mounted"), "-t", "tmpfs", "-o", options, "tmpfs");
}

/** Mounts something at `mountPoint`, which is made, for the length of the test. */
export function mount(context: TestContext, mountPoint: string, ...words: readonly string[]): string {
  mkdirSync(mountPoint, { recursive: true });
  run("mount", ...words, mountPoint);
  atEnd(context, () => unmount(mountPoint));
  return mountPoint;
}

function unmount(mountPoint: string): void {
  if (spawnSync("umount", ["-R", mountPoint], { stdio: "ignore" }).status !== 0)
    spawnSync("umount", ["-R", "-l", mountPoint], { stdio: "ignore" });
}

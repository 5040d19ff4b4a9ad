import { readFileSync, statfsSync } from "node:fs";
import type { FileDescriptor } from "../core/tree/tree-reader.ts";
import { parseMountInfo, type Mount } from "../core/mount-info.ts";
import { syncfs, syncfsLater } from "./libc.ts";

const tmpfsMagic = 0x0102_1994;
const ramfsMagic = 0x8584_58f6;

/** Writes all dirty pages of the file system of an open directory. Best effort: where it fails, so will later reads. */
export function syncFileSystem(directory: FileDescriptor): void {
  syncfs(directory);
}

/** {@link syncFileSystem} in another thread, so that this one has its hands free. */
export async function syncFileSystemLater(directory: FileDescriptor): Promise<void> {
  await syncfsLater(directory);
}

/** False on file systems in memory, where a write through a mapping leaves a file's times as they were. */
export function timesTellChanges(directory: FileDescriptor): boolean {
  return !isMemoryFileSystem(statfsSync(`/proc/self/fd/${directory}`).type);
}

/** Says whether the `type` that statfs(2) gives is of a file system in memory. */
export function isMemoryFileSystem(type: number): boolean {
  return type === tmpfsMagic || type === ramfsMagic;
}

/** The mounts of this process' namespace. */
export function readMounts(): Mount[] {
  return parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8"));
}

/** Says whether something is mounted at `path`, which is absolute; a bind mount has the device of what lies around it. */
export function isMounted(path: string): boolean {
  return readMounts().some(({ mountPoint }) => mountPoint === path);
}

/** `major:minor` of block devices that are on removable media. */
export function removableDevices(mounts: readonly Mount[]): Set<string> {
  return new Set(
    mounts
      .map(({ device }) => device)
      .filter(
        (device) => readFlag(`/sys/dev/block/${device}/removable`) || readFlag(`/sys/dev/block/${device}/../removable`),
      ),
  );
}

/** Paths of active swap files. */
export function readSwapFiles(): string[] {
  return readOrEmpty("/proc/swaps")
    .split("\n")
    .slice(1)
    .map((line) => line.split(/\s+/))
    .filter(([path, type]) => path?.startsWith("/") && type === "file")
    .map(([path]) => path as string);
}

function readFlag(path: string): boolean {
  return readOrEmpty(path).trim() === "1";
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

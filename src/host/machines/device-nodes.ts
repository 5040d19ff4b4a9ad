import { chmodSync, lchownSync, lstatSync } from "node:fs";
import { byteStringFromText, parseDisplayed } from "../../core/tree/byte-string.ts";
import type { DeviceNode } from "../../journeys/machine/detached/detached-manifest.ts";
import * as libc from "../libc.ts";
import { errnoNameOf, SystemCallError } from "../system-call-error.ts";

const S_IFCHR = 0o2_0000;
const S_IFBLK = 0o6_0000;
const S_IFMT = 0o17_0000;

/**
 * Makes a device node below the directory of a machine, with mode and owner; one that is there already gets them too.
 * No directory on its way is entered through a symlink, and nothing else that stands in its place is touched.
 *
 * @returns "made" if it was not there, "kept" if it was, "left" where its directory is missing or something else stands there.
 * @throws {SystemCallError}
 */
export function makeDeviceNode(root: string, node: DeviceNode): "made" | "kept" | "left" {
  return inDirectoryOf(root, node.path, (directory, name) => {
    const format = node.kind === "block" ? S_IFBLK : S_IFCHR;
    const isMade = libc.mknodat(directory, libc.cString(name), format | 0o600, deviceNumber(node)) === 0;
    if (!isMade) {
      const error = new SystemCallError("make the device node", parseDisplayed(node.path));
      if (error.errnoName !== "EEXIST") throw error;
    }
    const path = Buffer.from(`/proc/self/fd/${directory}/${name}`, "latin1");
    const stat = lstatSync(path);
    if ((stat.mode & S_IFMT) !== format || BigInt(stat.rdev) !== deviceNumber(node)) return "left";
    lchownSync(path, node.uid, node.gid);
    chmodSync(path, node.mode);
    return isMade ? "made" : "kept";
  });
}

/** Says whether nothing stands where a device node should, and its directory is there. */
export function isDeviceNodeMissing(root: string, node: DeviceNode): boolean {
  const found = inDirectoryOf(root, node.path, (directory, name) => {
    const path = Buffer.from(`/proc/self/fd/${directory}/${name}`, "latin1");
    return lstatSync(path, { throwIfNoEntry: false }) === undefined ? "missing" : "there";
  });
  return found === "missing";
}

/** Removes a device node that {@link makeDeviceNode} made, if it is still there. */
export function removeDeviceNode(root: string, node: DeviceNode): void {
  inDirectoryOf(root, node.path, (directory, name) => {
    libc.unlinkat(directory, libc.cString(name), 0);
    return "left";
  });
}

/** As the kernel puts major and minor numbers together (makedev(3)). */
function deviceNumber({ major, minor }: DeviceNode): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return ((high & 0xfffn) << 8n) | ((high & ~0xfffn) << 32n) | (low & 0xffn) | ((low & ~0xffn) << 12n);
}

function inDirectoryOf<Result>(
  root: string,
  displayed: string,
  action: (directory: number, name: string) => Result | "left",
): Result | "left" {
  const names = parseDisplayed(displayed).split("/");
  const last = names.pop() ?? "";
  if ([...names, last].some((name) => name === "" || name === "." || name === "..")) return "left";
  const flags = libc.O_RDONLY | libc.O_DIRECTORY | libc.O_CLOEXEC;
  let directory = libc.openat(libc.AT_FDCWD, libc.cString(byteStringFromText(root)), flags, 0);
  if (directory < 0) throw new SystemCallError("open", byteStringFromText(root));
  try {
    for (const name of names) {
      const inner = libc.openat(directory, libc.cString(name), flags | libc.O_NOFOLLOW, 0);
      if (inner < 0) {
        const error = new SystemCallError("open", parseDisplayed(displayed));
        if (["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoNameOf(error) ?? "")) return "left";
        throw error;
      }
      libc.close(directory);
      directory = inner;
    }
    return action(directory, last);
  } finally {
    libc.close(directory);
  }
}

import { fchownSync, fstatSync, fsyncSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { byteStringFromText } from "../../core/tree/byte-string.ts";
import { readFully } from "../facts/open-regular-file.ts";
import * as libc from "../libc.ts";
import { SystemCallError } from "../system-call-error.ts";

/**
 * The files that rehome keeps in `.rehome` of a machine's own directory, where the machine could write. No name below
 * the directory is followed where it is a symlink, and nothing but a regular file is read. All of them throw
 * {@link SystemCallError} where something is there that is not what it should be.
 */
const folderName = ".rehome";

/** The manifest of a detached machine. */
export const detachedFile = "detached.json";

/** The text of a file, at most `maxBytes` of it; undefined if it is not there. */
export function readMachineFile(root: string, name: string, maxBytes: number): string | undefined {
  using folder = openFolder(root);
  if (folder === undefined) return undefined;
  using file = openAt(folder.descriptor, name, libc.O_RDONLY | libc.O_NOFOLLOW | libc.O_NONBLOCK);
  if (file === undefined) return undefined;
  const stat = fstatSync(file.descriptor);
  if (!stat.isFile() || stat.size > maxBytes)
    throw new SystemCallError("read", byteStringFromText(name), constants.errno.EINVAL);
  return readFully(file.descriptor, stat.size).toString("utf8");
}

/** Says whether a file, or anything else, is there under that name. */
export function hasMachineFile(root: string, name: string): boolean {
  using folder = openFolder(root);
  if (folder === undefined) return false;
  using file = openAt(folder.descriptor, name, libc.O_PATH | libc.O_NOFOLLOW);
  return file !== undefined;
}

/**
 * Writes a file (0600): durable on return, and readers see all of it or none. It and its directory belong to whom the
 * machine's root belongs, so that no id in the tree is outside of the machine's own. Safe to call twice.
 */
export function writeMachineFile(root: string, name: string, text: string): void {
  using top = openRoot(root);
  if (libc.mkdirat(top.descriptor, libc.cString(folderName), 0o700) < 0) {
    const error = new SystemCallError("make the directory", byteStringFromText(folderName));
    if (error.errnoName !== "EEXIST") throw error;
  }
  using folder = openFolder(root);
  if (folder === undefined) throw new SystemCallError("open", byteStringFromText(folderName));
  const { uid, gid } = fstatSync(top.descriptor);
  fchownSync(folder.descriptor, uid, gid);
  remove(folder.descriptor, `${name}.new`);
  using file = openAt(folder.descriptor, `${name}.new`, libc.O_RDWR | libc.O_CREAT | libc.O_EXCL | libc.O_NOFOLLOW);
  if (file === undefined) throw new SystemCallError("make", byteStringFromText(`${name}.new`));
  writeFileSync(file.descriptor, text);
  fchownSync(file.descriptor, uid, gid);
  fsyncSync(file.descriptor);
  rename(folder.descriptor, `${name}.new`, name);
  fsyncSync(folder.descriptor);
  fsyncSync(top.descriptor);
}

/** Gives a file another name, durably. Where it is not there nothing happens. */
export function renameMachineFile(root: string, from: string, to: string): void {
  using folder = openFolder(root);
  if (folder === undefined || !hasMachineFile(root, from)) return;
  rename(folder.descriptor, from, to);
  fsyncSync(folder.descriptor);
}

/** Removes a file, and the directory it lay in where nothing else is in there, durably. Safe to call twice. */
export function removeMachineFile(root: string, name: string): void {
  using top = openRoot(root);
  using folder = openFolder(root);
  if (folder === undefined) return;
  for (const each of [name, `${name}.new`]) remove(folder.descriptor, each);
  fsyncSync(folder.descriptor);
  libc.unlinkat(top.descriptor, libc.cString(folderName), libc.AT_REMOVEDIR); // fails where it holds more
  fsyncSync(top.descriptor);
}

interface Opened extends Disposable {
  readonly descriptor: number;
}

function openRoot(root: string): Opened {
  const opened = openAt(libc.AT_FDCWD, root, libc.O_RDONLY | libc.O_DIRECTORY);
  if (opened === undefined) throw new SystemCallError("open", byteStringFromText(root));
  return opened;
}

function openFolder(root: string): Opened | undefined {
  using top = openRoot(root);
  return openAt(top.descriptor, folderName, libc.O_RDONLY | libc.O_DIRECTORY | libc.O_NOFOLLOW);
}

/** @returns undefined if nothing is there. */
function openAt(directory: number, name: string, flags: number): Opened | undefined {
  const bytes = byteStringFromText(name);
  const descriptor = libc.openat(directory, libc.cString(bytes), flags | libc.O_CLOEXEC, 0o600);
  if (descriptor >= 0) return { descriptor, [Symbol.dispose]: () => void libc.close(descriptor) };
  // That it is missing is too common for an error.
  if (libc.errno() === constants.errno.ENOENT) return undefined;
  throw new SystemCallError("open", bytes);
}

function rename(directory: number, from: string, to: string): void {
  if (libc.renameat2(directory, libc.cString(from), directory, libc.cString(to), 0) < 0)
    throw new SystemCallError("rename", byteStringFromText(from));
}

function remove(directory: number, name: string): void {
  if (libc.unlinkat(directory, libc.cString(name), 0) === 0) return;
  const error = new SystemCallError("remove", byteStringFromText(name));
  if (error.errnoName !== "ENOENT") throw error;
}

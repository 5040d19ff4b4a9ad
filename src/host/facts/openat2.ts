import { constants } from "node:os";
import koffi from "koffi";
import type { TreePath } from "../../core/tree/byte-string.ts";
import { cString, errno } from "../libc.ts";
import { SystemCallError } from "../system-call-error.ts";
import { isMissing } from "./is-missing.ts";

/** openat2(2) has no wrapper in the C library; its number is the same on all machines. */
const SYS_openat2 = 437;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;
const openHowBytes = 24;
const maxAttempts = 64;

const syscallOpenat2 = koffi
  .load("libc.so.6")
  .func("int64_t syscall(int64_t, int64_t, const void*, const void*, size_t)") as unknown as (
  number: number,
  directory: number,
  path: Uint8Array,
  how: Uint8Array,
  howBytes: number,
) => number;

const openHows = new Map<number, Buffer>();

/** `struct open_how` for these flags; many thousand files are opened with the same. */
function openHow(flags: number): Buffer {
  const known = openHows.get(flags);
  if (known !== undefined) return known;
  const how = Buffer.alloc(openHowBytes);
  how.writeUInt32LE(flags, 0);
  how.writeUInt32LE(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, 16);
  openHows.set(flags, how);
  return how;
}

/**
 * Opens `path` as if the open directory `root` were the root of the machine: absolute symlinks and `..` stay below it,
 * and the links of procfs are not followed. Undefined where the path leads to nothing, which is too common for an error.
 * Where a rename raced with a `..` the kernel asks to try again.
 *
 * @throws {SystemCallError}
 */
export function openInRoot(root: number, path: TreePath, flags: number): number | undefined {
  const how = openHow(flags);
  const name = cString(path === "" ? "." : path);
  for (let attempt = 1; ; attempt++) {
    const file = syscallOpenat2(SYS_openat2, root, name, how, openHowBytes);
    if (file >= 0) return file;
    const errorNumber = errno();
    if (isMissing(errorNumber)) return undefined;
    if (errorNumber !== constants.errno.EAGAIN || attempt === maxAttempts)
      throw new SystemCallError("open", path, errorNumber);
  }
}

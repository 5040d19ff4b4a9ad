import type { ByteString, TreePath } from "../../core/tree/byte-string.ts";
import type { InodeStat } from "../../core/tree/tree-reader.ts";
import * as libc from "../libc.ts";
import { SystemCallError } from "../system-call-error.ts";
import { decodeStatx, statxBytes } from "../tree/stat-record.ts";
import { openInRoot } from "./openat2.ts";

/** An open descriptor that closes with its scope, and what it stands for. */
export interface OpenFile extends Disposable {
  readonly file: number;
  readonly stat: InodeStat;
}

/** What a path leads to that is no regular file. */
export type NotRegular = Exclude<InodeStat["kind"], "file"> | "missing";

/**
 * Opens a regular file below the open directory `root` for reading, where allowed without touching its atime. For
 * anything else the answer is its kind, or "missing": it is looked at through O_PATH only, so no device is touched and no
 * FIFO waited for.
 *
 * @throws {SystemCallError}
 */
export function openRegularFile(root: number, path: TreePath): OpenFile | NotRegular {
  using place = openPlace(root, path);
  if (place === undefined) return "missing";
  const { kind } = place.stat;
  if (kind !== "file") return kind;
  return opened(openAgain(place.file, path), place.stat);
}

/**
 * Opens whatever `path` leads to below `root` as a mere place, good for its stat, not for reading; undefined where it
 * leads to nothing.
 *
 * @throws {SystemCallError}
 */
export function openPlace(root: number, path: TreePath): OpenFile | undefined {
  const file = openInRoot(root, path, libc.O_PATH | libc.O_CLOEXEC);
  if (file === undefined) return undefined;
  const stat = new DataView(new ArrayBuffer(statxBytes));
  const into = new Uint8Array(stat.buffer);
  if (libc.statx(file, libc.cString(""), libc.AT_EMPTY_PATH, libc.STATX_BASIC_STATS, into) < 0) {
    const error = new SystemCallError("stat", path);
    libc.close(file);
    throw error;
  }
  return opened(file, decodeStatx(stat));
}

/**
 * Reads up to `sizeBytes` from the start of an open file; fewer where it is shorter.
 *
 * @throws {SystemCallError}
 */
export function readFully(file: number, sizeBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  let length = 0;
  while (length < sizeBytes) {
    const count = libc.pread(file, bytes.subarray(length), sizeBytes - length, length);
    if (count < 0) throw new SystemCallError("read", "an open file" as ByteString);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

function opened(file: number, stat: InodeStat): OpenFile {
  return { file, stat, [Symbol.dispose]: () => void libc.close(file) };
}

/** Opens what an O_PATH descriptor stands for; the link in `/proc` leads to that very inode. */
function openAgain(place: number, path: TreePath): number {
  const link = libc.cString(`/proc/self/fd/${place}`);
  const flags = libc.O_RDONLY | libc.O_NONBLOCK | libc.O_CLOEXEC;
  const quiet = libc.openat(libc.AT_FDCWD, link, flags | libc.O_NOATIME, 0);
  const file = quiet >= 0 ? quiet : libc.openat(libc.AT_FDCWD, link, flags, 0);
  if (file < 0) throw new SystemCallError("open", path);
  return file;
}

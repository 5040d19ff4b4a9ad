import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type BigIntStats,
} from "node:fs";
import * as libc from "../../src/host/libc.ts";

/** All that matters of one name in a tree, in a form that compares and prints well. */
export interface SnapshotEntry {
  readonly path: string;
  readonly type: string;
  readonly mode: string;
  readonly owner: string;
  readonly mtimeNs: string;
  readonly xattrs: Readonly<Record<string, string>>;
  readonly flags?: string;
  readonly device?: string;
  readonly target?: string;
  readonly sizeBytes?: number;
  readonly content?: string;
  /** Ranges of data, as `start-end`. */
  readonly data?: readonly string[];
  /** The path that walk order meets first of those that share this inode. */
  readonly firstName?: string;
}

/**
 * Reads a tree with as little of the code under test as can be: open directories, single names, and calls of the C library.
 * Paths and names are one character a byte.
 */
export function snapshotTree(root: string): SnapshotEntry[] {
  const entries: SnapshotEntry[] = [];
  const inodes = new Map<string, string>();
  const visit = (at: Buffer, path: string): void => {
    const stat = lstatSync(at, { bigint: true });
    const key = `${stat.dev}:${stat.ino}`;
    const first = inodes.get(key) ?? path;
    inodes.set(key, first);
    entries.push(describe(at, path, stat, first));
    if (!stat.isDirectory()) return;
    const directory = openSync(at, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      const names = readdirSync(bytes(`/proc/self/fd/${directory}`), { encoding: "latin1" });
      for (const name of names.toSorted())
        visit(bytes(`/proc/self/fd/${directory}/${name}`), path === "" ? name : `${path}/${name}`);
    } finally {
      closeSync(directory);
    }
  };
  visit(Buffer.from(root), "");
  return entries;
}

const typeOfFormat = new Map([
  [constants.S_IFDIR, "directory"],
  [constants.S_IFREG, "file"],
  [constants.S_IFLNK, "symlink"],
  [constants.S_IFIFO, "fifo"],
  [constants.S_IFSOCK, "socket"],
  [constants.S_IFCHR, "character-device"],
  [constants.S_IFBLK, "block-device"],
]);

function describe(at: Buffer, path: string, stat: BigIntStats, first: string): SnapshotEntry {
  const mode = Number(stat.mode);
  const type = typeOfFormat.get(mode & constants.S_IFMT) ?? "other";
  return {
    path,
    type,
    mode: type === "symlink" ? "" : (mode & 0o7777).toString(8),
    owner: `${stat.uid}:${stat.gid}`,
    mtimeNs: String(stat.mtimeNs),
    xattrs: readXattrs(at),
    ...(type.endsWith("device") && { device: String(stat.rdev) }),
    ...(type === "symlink" && { target: readlinkSync(at, "latin1") }),
    ...((type === "file" || type === "directory") && readOpened(at, type, Number(stat.size))),
    ...(type !== "directory" && stat.nlink > 1n && { firstName: first }),
  };
}

function readOpened(at: Buffer, type: string, sizeBytes: number): Partial<SnapshotEntry> {
  const file = openSync(at, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const word = Buffer.alloc(8);
    const flags =
      libc.ioctl(file, libc.FS_IOC_GETFLAGS, word) < 0 ? "" : (word.readUInt32LE(0) & 0x0081_00f8).toString(16);
    if (type === "directory") return { flags };
    return { flags, sizeBytes, ...readContent(file, fstatSync(file).size) };
  } finally {
    closeSync(file);
  }
}

function readContent(file: number, sizeBytes: number): Pick<SnapshotEntry, "content" | "data"> {
  const hash = createHash("sha256");
  const data: string[] = [];
  const buffer = Buffer.alloc(256 * 1024);
  for (let at = 0; at < sizeBytes;) {
    const start = libc.lseek(file, at, libc.SEEK_DATA);
    if (start < 0) break;
    const end = libc.lseek(file, start, libc.SEEK_HOLE);
    data.push(`${start}-${end}`);
    for (let position = start; position < end;) {
      const read = readSync(file, buffer, 0, Math.min(buffer.length, end - position), position);
      hash.update(`${position}:`).update(buffer.subarray(0, read));
      position += read;
    }
    at = end;
  }
  return { content: hash.digest("hex"), data };
}

function readXattrs(at: Buffer): Record<string, string> {
  const path = libc.cString(at.toString("latin1"));
  const names = Buffer.alloc(65_536);
  const value = Buffer.alloc(65_536);
  const listed = libc.llistxattr(path, names, names.length);
  const xattrs: Record<string, string> = {};
  if (listed <= 0) return xattrs;
  for (const name of names
    .toString("latin1", 0, listed - 1)
    .split("\0")
    .toSorted()) {
    const length = libc.lgetxattr(path, libc.cString(name), value, value.length);
    xattrs[name] = value.toString("hex", 0, Math.max(0, length));
  }
  return xattrs;
}

function bytes(path: string): Buffer {
  return Buffer.from(path, "latin1");
}

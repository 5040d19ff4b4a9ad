import type { ByteString } from "../../core/tree/byte-string.ts";
import { restorableFlagsMask, type ExtendedAttribute } from "../../core/tree/entry.ts";
import type { FileDescriptor, InodeStat, TreeReader } from "../../core/tree/tree-reader.ts";
import * as libc from "../libc.ts";
import { SystemCallError } from "../system-call-error.ts";
import { decodeStatx, statxBytes } from "./stat-record.ts";

const directoryFlags = libc.O_RDONLY | libc.O_DIRECTORY | libc.O_NOFOLLOW | libc.O_CLOEXEC;
const fileFlags = libc.O_RDONLY | libc.O_NOFOLLOW | libc.O_NONBLOCK | libc.O_CLOEXEC;

/** XFS shows root each ACL a second time, under a name that means nothing elsewhere. */
const aclOfView: Readonly<Record<string, string>> = {
  "trusted.SGI_ACL_FILE": "system.posix_acl_access",
  "trusted.SGI_ACL_DEFAULT": "system.posix_acl_default",
};

/** The {@link TreeReader} of this machine. Each thread makes its own: it owns scratch buffers. */
export function linuxTreeReader(): TreeReader {
  const stat = Buffer.alloc(statxBytes);
  const statView = new DataView(stat.buffer, stat.byteOffset, statxBytes);
  const names = Buffer.alloc(256 * 1024);
  const values = Buffer.alloc(64 * 1024);
  const word = Buffer.alloc(8);
  const empty = libc.cString("");

  function open(directory: FileDescriptor, name: ByteString, flags: number): FileDescriptor {
    const file = libc.openat(directory, libc.cString(name), flags, 0);
    if (file < 0) throw new SystemCallError("open", name);
    return file;
  }

  function readXattrs(
    subject: ByteString,
    list: (into: Buffer, length: number) => number,
    get: (name: Uint8Array, into: Buffer, length: number) => number,
  ): ExtendedAttribute[] {
    const listed = list(names, names.length);
    if (listed === 0) return [];
    if (listed < 0) {
      const error = new SystemCallError("list the extended attributes of", subject);
      if (error.errnoName === "ENOTSUP" || error.errnoName === "EOPNOTSUPP") return [];
      throw error;
    }
    const attributes: ExtendedAttribute[] = [];
    const listedNames = names
      .toString("latin1", 0, listed - 1)
      .split("\0")
      .toSorted();
    for (const name of listedNames) {
      if (name in aclOfView && listedNames.includes(aclOfView[name] ?? "")) continue;
      const length = get(libc.cString(name), values, values.length);
      if (length < 0) {
        const error = new SystemCallError(`read the extended attribute "${name}" of`, subject);
        if (error.errnoName === "ENODATA") continue;
        throw error;
      }
      attributes.push({ name: name as ByteString, value: Uint8Array.from(values.subarray(0, length)) });
    }
    return attributes;
  }

  return {
    openRoot: (path) =>
      open(libc.AT_FDCWD, Buffer.from(path).toString("latin1") as ByteString, directoryFlags & ~libc.O_NOFOLLOW),
    openDirectory: (directory, name) => open(directory, name, directoryFlags),
    openParent: (directory) => open(directory, ".." as ByteString, directoryFlags),
    openFile(directory, name) {
      const file = libc.openat(directory, libc.cString(name), fileFlags | libc.O_NOATIME, 0);
      return file >= 0 ? file : open(directory, name, fileFlags);
    },
    close: (file) => void libc.close(file),
    readNames(directory) {
      libc.lseek(directory, 0, 0);
      const found: ByteString[] = [];
      for (;;) {
        const length = libc.syscallGetdents(libc.SYS_getdents64, directory, names, names.length);
        if (length < 0) throw new SystemCallError("read the directory", "" as ByteString);
        if (length === 0) return found;
        for (let at = 0; at < length;) {
          const end = names.indexOf(0, at + 19);
          const name = names.toString("latin1", at + 19, end) as ByteString;
          if (name !== "." && name !== "..") found.push(name);
          at += names.readUInt16LE(at + 16);
        }
      }
    },
    stat(directory, name): InodeStat {
      const flags = libc.AT_SYMLINK_NOFOLLOW | libc.AT_NO_AUTOMOUNT;
      if (libc.statx(directory, libc.cString(name), flags, libc.STATX_BASIC_STATS, stat) < 0)
        throw new SystemCallError("stat", name);
      return decodeStatx(statView);
    },
    statOpen(file): InodeStat {
      if (libc.statx(file, empty, libc.AT_EMPTY_PATH, libc.STATX_BASIC_STATS, stat) < 0)
        throw new SystemCallError("stat", "an open file" as ByteString);
      return decodeStatx(statView);
    },
    readLink(directory, name) {
      const length = libc.readlinkat(directory, libc.cString(name), values, values.length);
      if (length < 0) throw new SystemCallError("read the symbolic link", name);
      return values.toString("latin1", 0, length) as ByteString;
    },
    readXattrs(directory, name) {
      const path = libc.cString(`/proc/self/fd/${directory}/${name}`);
      return readXattrs(
        name,
        (into, length) => libc.llistxattr(path, into, length),
        (attribute, into, length) => libc.lgetxattr(path, attribute, into, length),
      );
    },
    readXattrsOpen: (file) =>
      readXattrs(
        "an open file" as ByteString,
        (into, length) => libc.flistxattr(file, into, length),
        (attribute, into, length) => libc.fgetxattr(file, attribute, into, length),
      ),
    readFlags: (file) =>
      libc.ioctl(file, libc.FS_IOC_GETFLAGS, word) < 0 ? 0 : word.readUInt32LE(0) & restorableFlagsMask,
    read(file, into, offset, length, position) {
      const count = libc.pread(file, into.subarray(offset, offset + length), length, position);
      if (count < 0) throw new SystemCallError("read", "an open file" as ByteString);
      return count;
    },
    seekData(file, position) {
      const at = libc.lseek(file, position, libc.SEEK_DATA);
      if (at >= 0) return at;
      const error = new SystemCallError("seek in", "an open file" as ByteString);
      if (error.errnoName === "ENXIO") return -1;
      throw error;
    },
    seekHole(file, position) {
      const at = libc.lseek(file, position, libc.SEEK_HOLE);
      if (at < 0) throw new SystemCallError("seek in", "an open file" as ByteString);
      return at;
    },
    readAhead: (file, position, length) => void libc.posixFadvise(file, position, length, libc.POSIX_FADV_WILLNEED),
    dropFromCache: (file) => libc.posixFadvise(file, 0, 0, libc.POSIX_FADV_DONTNEED) === 0,
  };
}

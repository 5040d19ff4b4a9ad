import type { ByteString } from "./byte-string.ts";
import type { ExtendedAttribute } from "./entry.ts";

/** An open file or directory of this process; threads share it. */
export type FileDescriptor = number;

/** What the kernel says of an inode. Times are exact; `ino` is kept in two halves because it has 64 bits. */
export interface InodeStat {
  readonly kind: "directory" | "file" | "symlink" | "fifo" | "socket" | "character-device" | "block-device" | "other";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly linkCount: number;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
  readonly ctimeSec: number;
  readonly ctimeNsec: number;
  readonly inoHigh: number;
  readonly inoLow: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** Of a device node: the device it stands for. */
  readonly nodeMajor: number;
  readonly nodeMinor: number;
}

/**
 * Reads a tree by open directories and single names, so that nothing that is swapped for a symlink meanwhile can lead
 * out of it and no path is too long. All calls are synchronous; each may throw `SystemCallError`.
 */
export interface TreeReader {
  /** Opens the root of a tree; here alone the last component may be a symlink. */
  openRoot(path: string): FileDescriptor;
  /** Opens a directory by its name in `directory`, never through a symlink. */
  openDirectory(directory: FileDescriptor, name: ByteString): FileDescriptor;
  /** Opens the directory that holds the open `directory`. */
  openParent(directory: FileDescriptor): FileDescriptor;
  /** Opens a regular file for reading, never through a symlink, without waiting and where allowed without touching its atime. */
  openFile(directory: FileDescriptor, name: ByteString): FileDescriptor;
  close(file: FileDescriptor): void;
  /** The names in an open directory, in the kernel's order, without `.` and `..`. Reads from the start each time. */
  readNames(directory: FileDescriptor): ByteString[];
  stat(directory: FileDescriptor, name: ByteString): InodeStat;
  statOpen(file: FileDescriptor): InodeStat;
  readLink(directory: FileDescriptor, name: ByteString): ByteString;
  /** All extended attributes that this process may see, sorted by name; the name itself may be a symlink or a device. */
  readXattrs(directory: FileDescriptor, name: ByteString): ExtendedAttribute[];
  readXattrsOpen(file: FileDescriptor): ExtendedAttribute[];
  /** Restorable inode flags of an open file or directory; 0 where the file system has none. */
  readFlags(file: FileDescriptor): number;
  /** Reads up to `length` bytes at `position`; returns how many, 0 at the end. */
  read(file: FileDescriptor, into: Uint8Array, offset: number, length: number, position: number): number;
  /** Start of the next data at or after `position`, or -1 where only a hole is left. */
  seekData(file: FileDescriptor, position: number): number;
  /** Start of the next hole at or after `position`; the end of a file counts as one. */
  seekHole(file: FileDescriptor, position: number): number;
  /** Has the kernel read part of a file while the caller does something else. It is told, not waited for: no error shows. */
  readAhead(file: FileDescriptor, position: number, length: number): void;
  /** Drops a file's clean pages from the cache, so that the next read comes from the device (sync before). False where that failed. */
  dropFromCache(file: FileDescriptor): boolean;
}

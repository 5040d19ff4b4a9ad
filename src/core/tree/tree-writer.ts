import type { ByteString } from "./byte-string.ts";
import type { EntryMetadata } from "./entry.ts";
import type { FileDescriptor } from "./tree-reader.ts";

/** Part of an entry's metadata that could not be set, and why. */
export interface MetadataLoss {
  readonly what: "owner" | "mode" | "mtime" | "flags" | `xattr ${string}`;
  readonly why: string;
}

/** How metadata are to be set. `exact` also removes extended attributes and flags that are there and should not be. */
export interface MetadataOptions {
  readonly exact: boolean;
}

/**
 * Writes a tree by open directories and single names, never through a symlink. Synchronous; calls that make something throw
 * `SystemCallError`, those that set metadata return what they could not set.
 */
export interface TreeWriter {
  /** Makes a directory of mode 0700 and opens it. */
  makeDirectory(directory: FileDescriptor, name: ByteString): FileDescriptor;
  /** Makes a new regular file of mode 0600, open for reading and writing. `flags` are those that must be set while it is empty. */
  createFile(directory: FileDescriptor, name: ByteString, flags: number): FileDescriptor;
  /** Writes all of `from` at `position`. */
  write(file: FileDescriptor, from: Uint8Array, position: number): void;
  /** Sets the size; what lies beyond what was written becomes a hole. */
  truncate(file: FileDescriptor, sizeBytes: number): void;
  makeSymlink(directory: FileDescriptor, name: ByteString, target: ByteString): void;
  makeNode(
    directory: FileDescriptor,
    name: ByteString,
    kind: "fifo" | "socket" | "character-device" | "block-device",
    major: number,
    minor: number,
  ): void;
  /** Gives the existing `fromName` a second name. */
  link(fromDirectory: FileDescriptor, fromName: ByteString, directory: FileDescriptor, name: ByteString): void;
  /** Removes what has this name, a directory with all it holds; immutable things too where that is allowed. No error if there is none. */
  remove(directory: FileDescriptor, name: ByteString): void;
  /** Puts `name` in the place of `toName` in the same directory, whatever that was; in one step unless that was a directory or protected. */
  replace(directory: FileDescriptor, name: ByteString, toName: ByteString): void;
  /** Sets metadata of an open file or directory. */
  setOpenMetadata(file: FileDescriptor, metadata: EntryMetadata, options: MetadataOptions): MetadataLoss[];
  /** Sets metadata of something that cannot be opened: a symlink, a device, a FIFO, a socket. */
  setMetadata(
    directory: FileDescriptor,
    name: ByteString,
    isSymlink: boolean,
    metadata: EntryMetadata,
    options: MetadataOptions,
  ): MetadataLoss[];
  /** Takes immutable and append-only off an open file or directory, so that it can be changed. */
  clearProtection(file: FileDescriptor): void;
}

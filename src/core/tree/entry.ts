import type { Tagged } from "../tagged.ts";
import type { ByteString, TreePath } from "./byte-string.ts";

/** SHA-256 of a chunk's plain bytes, as 64 lower-case hex digits. */
export type ChunkId = Tagged<string, "ChunkId">;

/** An extended attribute with its full name (`user.note`, `system.posix_acl_access`, `security.capability`, …). */
export interface ExtendedAttribute {
  readonly name: ByteString;
  readonly value: Uint8Array;
}

/** Part of a file's content, in order: a chunk of data, or a hole that reads as zeros and takes no room. */
export type Piece =
  | { readonly kind: "chunk"; readonly id: ChunkId; readonly lengthBytes: number }
  | { readonly kind: "hole"; readonly lengthBytes: number };

/** What every entry has. Owners are numbers of 32 bits; the time is exact from year -292e6 on. */
export interface EntryMetadata {
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSec: number;
  /** 0 to 999,999,999. */
  readonly mtimeNsec: number;
  /** Inode flags as in `FS_IOC_GETFLAGS`, only those of {@link restorableFlags}. */
  readonly flags: number;
  /** Sorted bytewise by name. */
  readonly xattrs: readonly ExtendedAttribute[];
}

/** What an entry is, beside its metadata. `link` is a further name of an entry that came before in walk order. */
export type EntryContent =
  | { readonly kind: "directory" }
  | { readonly kind: "file"; readonly sizeBytes: number; readonly pieces: readonly Piece[] }
  | { readonly kind: "symlink"; readonly target: ByteString }
  | { readonly kind: "fifo" }
  | { readonly kind: "socket" }
  | { readonly kind: "character-device" | "block-device"; readonly major: number; readonly minor: number }
  | { readonly kind: "link"; readonly target: TreePath };

/** The kinds of entries. */
export type EntryKind = EntryContent["kind"];

/** One name in a tree. A `link` carries no metadata of its own: its target's holds (all fields are zero or empty). */
export type Entry = EntryMetadata & EntryContent & { readonly path: TreePath };

/** Bytes of a file's content, holes left out. */
export function dataBytesOf({ pieces }: { readonly pieces: readonly Piece[] }): number {
  return pieces.reduce((sum, piece) => sum + (piece.kind === "chunk" ? piece.lengthBytes : 0), 0);
}

/** The metadata of an entry alone. */
export function metadataOf({ mode, uid, gid, mtimeSec, mtimeNsec, flags, xattrs }: EntryMetadata): EntryMetadata {
  return { mode, uid, gid, mtimeSec, mtimeNsec, flags, xattrs };
}

/** The inode flags that are captured and restored (`linux/fs.h`), by the letter that `chattr` gives them. */
export const restorableFlags: Readonly<Record<"S" | "i" | "a" | "d" | "A" | "D" | "C", number>> = {
  S: 0x0000_0008,
  i: 0x0000_0010,
  a: 0x0000_0020,
  d: 0x0000_0040,
  A: 0x0000_0080,
  D: 0x0001_0000,
  C: 0x0080_0000,
};

/** All of {@link restorableFlags} in one mask. */
export const restorableFlagsMask: number = Object.values(restorableFlags).reduce((mask, flag) => mask | flag, 0);

/** The letters of `flags`, as `lsattr` shows them: `ia`. */
export function formatFlags(flags: number): string {
  return Object.entries(restorableFlags)
    .filter(([, flag]) => (flags & flag) !== 0)
    .map(([letter]) => letter)
    .join("");
}

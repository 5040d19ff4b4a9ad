import type { ByteString, TreePath } from "../../core/tree/byte-string.ts";
import {
  restorableFlagsMask,
  type ChunkId,
  type Entry,
  type EntryContent,
  type EntryKind,
  type EntryMetadata,
  type ExtendedAttribute,
  type Piece,
} from "../../core/tree/entry.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { limits } from "./limits.ts";

const codeOfKind: Readonly<Record<EntryKind, number>> = {
  directory: 1,
  file: 2,
  symlink: 3,
  fifo: 4,
  socket: 5,
  "character-device": 6,
  "block-device": 7,
  link: 8,
};
const kindOfCode = new Map(Object.entries(codeOfKind).map(([kind, code]) => [code, kind as EntryKind]));

/** Writes what a record has before its kind's own fields. */
export function writeMetadata(out: ByteWriter, kind: Exclude<EntryKind, "link">, entry: EntryMetadata): void {
  out.u8(codeOfKind[kind]);
  out.varint(entry.mode);
  out.varint(entry.uid);
  out.varint(entry.gid);
  out.svarint(entry.mtimeSec);
  out.varint(entry.mtimeNsec);
  out.varint(entry.flags);
  out.varint(entry.xattrs.length);
  for (const { name, value } of entry.xattrs) {
    out.blob(name);
    out.blob(value);
  }
}

/** Writes a chunk of a file's content; `id` is its 32 bytes. */
export function writeChunkPiece(out: ByteWriter, id: Uint8Array, lengthBytes: number): void {
  out.varint(lengthBytes * 2);
  out.bytes(id);
}

/** Writes a hole of a file's content. */
export function writeHolePiece(out: ByteWriter, lengthBytes: number): void {
  out.varint(lengthBytes * 2 + 1);
}

/** Writes the body of a record (section 2.4). */
export function writeBody(out: ByteWriter, entry: EntryMetadata & EntryContent): void {
  if (entry.kind === "link") {
    out.u8(codeOfKind.link);
    out.blob(entry.target);
    return;
  }
  writeMetadata(out, entry.kind, entry);
  if (entry.kind === "file") {
    out.varint(entry.sizeBytes);
    for (const piece of entry.pieces) {
      if (piece.kind === "hole") writeHolePiece(out, piece.lengthBytes);
      else writeChunkPiece(out, Buffer.from(piece.id, "hex"), piece.lengthBytes);
    }
  } else if (entry.kind === "symlink") out.blob(entry.target);
  else if (entry.kind === "character-device" || entry.kind === "block-device") {
    out.varint(entry.major);
    out.varint(entry.minor);
  }
}

/**
 * Reads the body of a record.
 *
 * @throws {FormatInvalidError} If anything is out of the limits of section 2.4.
 */
export function readBody(reader: ByteReader, path: TreePath): Entry {
  const kind = kindOfCode.get(reader.u8());
  if (kind === undefined) throw reader.invalid("unknown kind of entry");
  if (kind === "link") return { path, kind, target: reader.byteString(limits.pathBytes), ...noMetadata };
  const metadata: EntryMetadata = {
    mode: reader.varint(0o7777),
    uid: reader.varint(0xffff_ffff),
    gid: reader.varint(0xffff_ffff),
    mtimeSec: reader.svarint(),
    mtimeNsec: reader.varint(999_999_999),
    flags: reader.varint(0xffff_ffff),
    xattrs: readXattrs(reader),
  };
  if ((metadata.flags & ~restorableFlagsMask) !== 0) throw reader.invalid("unknown inode flags");
  switch (kind) {
    case "directory":
    case "fifo":
    case "socket":
      return { path, kind, ...metadata };
    case "file": {
      const sizeBytes = reader.varint();
      return { path, kind, sizeBytes, pieces: readPieces(reader, sizeBytes), ...metadata };
    }
    case "symlink": {
      const target = reader.byteString(limits.symlinkTargetBytes);
      if (target === "" || target.includes("\0")) throw reader.invalid("a symbolic link has no usable target");
      return { path, kind, target, ...metadata };
    }
    case "character-device":
    case "block-device":
      return { path, kind, major: reader.varint(0xffff_ffff), minor: reader.varint(0xffff_ffff), ...metadata };
  }
}

/** What a link has in place of metadata. */
export const noMetadata: EntryMetadata = { mode: 0, uid: 0, gid: 0, mtimeSec: 0, mtimeNsec: 0, flags: 0, xattrs: [] };

const noXattrs: readonly ExtendedAttribute[] = [];

function readXattrs(reader: ByteReader): readonly ExtendedAttribute[] {
  const count = reader.varint(limits.xattrs);
  if (count === 0) return noXattrs;
  const xattrs: ExtendedAttribute[] = [];
  let before = "" as ByteString;
  for (let at = 0; at < count; at++) {
    const name = reader.byteString(limits.xattrNameBytes);
    if (name <= before || name.includes("\0")) throw reader.invalid("extended attributes are not in order");
    xattrs.push({ name, value: Uint8Array.from(reader.blob(limits.xattrValueBytes)) });
    before = name;
  }
  return xattrs;
}

function readPieces(reader: ByteReader, sizeBytes: number): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let left = sizeBytes; left > 0;) {
    const word = reader.varint();
    const lengthBytes = Math.floor(word / 2);
    if (lengthBytes < 1 || lengthBytes > left) throw reader.invalid("pieces do not fit the size of a file");
    if (word % 2 === 1) pieces.push({ kind: "hole", lengthBytes });
    else {
      if (lengthBytes > limits.chunkBytes) throw reader.invalid("a chunk is too long");
      pieces.push({ kind: "chunk", id: reader.bytes(32).toString("hex") as ChunkId, lengthBytes });
    }
    left -= lengthBytes;
  }
  return pieces;
}

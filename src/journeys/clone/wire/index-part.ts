import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { FormatInvalidError } from "../../../image/errors.ts";
import { ByteReader } from "../../../image/format/byte-reader.ts";
import { ByteWriter } from "../../../image/format/byte-writer.ts";
import { limits } from "../../../image/format/limits.ts";
import type { Codec } from "../../../image/format/pack.ts";

/** A block as a directory describes it: what it holds, in order. */
export interface DirectoryEntry {
  readonly codec: Codec;
  readonly storedBytes: number;
  /** 32 bytes each, joined. */
  readonly chunkIds: Uint8Array;
  readonly chunkLengths: Uint32Array;
}

/** One item of the index (sections 3.3 and 3.4). */
export type IndexItem =
  | { readonly kind: "manifest" | "chunk" | "segment"; readonly bytes: Uint8Array }
  | { readonly kind: "directory"; readonly blocks: readonly DirectoryEntry[] }
  | ({ readonly kind: "head" } & AnnouncedHead);

/** What is told of an image before it is there. */
export interface AnnouncedHead {
  /** Estimates. */
  readonly totalEntries: number;
  readonly totalBytes: number;
  /** The head of the manifest, as `encodeManifestHead` writes it. */
  readonly bytes: Uint8Array;
}

const kinds = { manifest: 1, chunk: 2, directory: 3, head: 4, segment: 5 } as const;
const kindOf = new Map<number, IndexItem["kind"]>(
  Object.entries(kinds).map(([kind, number]) => [number, kind as IndexItem["kind"]]),
);
const maxPlainBytes = 8 * 1024 * 1024;

/** Writes items as what follows the signature in an index frame. @throws {RangeError} If they are too long together. */
export function encodeIndexPart(items: readonly IndexItem[]): Buffer {
  const out = new ByteWriter();
  for (const item of items) {
    out.u8(kinds[item.kind]);
    out.blob(encodeItem(item));
  }
  const plain = out.view();
  if (plain.length > maxPlainBytes) throw new RangeError(`cannot send a part of the index of ${plain.length} bytes`);
  const head = new ByteWriter(16);
  head.varint(plain.length);
  return Buffer.concat([head.view(), zstdCompressSync(plain)]);
}

/** Reads what follows the signature in an index frame. @throws {FormatInvalidError} */
export function decodeIndexPart(bytes: Uint8Array): IndexItem[] {
  const subject = "a part of the index";
  const head = new ByteReader(bytes, subject);
  const plainBytes = head.varint(maxPlainBytes);
  let plain: Buffer;
  try {
    plain = zstdDecompressSync(bytes.subarray(head.position), { maxOutputLength: plainBytes });
  } catch (error) {
    throw new FormatInvalidError(subject, "it cannot be decompressed", { cause: error });
  }
  if (plain.length !== plainBytes) throw new FormatInvalidError(subject, "it has another length than it says");
  const reader = new ByteReader(plain, subject);
  const items: IndexItem[] = [];
  while (reader.remaining > 0) {
    const number = reader.u8();
    const kind = kindOf.get(number);
    const blob = reader.blob(plainBytes);
    if (kind === undefined) throw reader.invalid(`unknown kind ${number}`);
    if (kind === "directory") items.push({ kind, blocks: decodeDirectory(blob) });
    else if (kind === "head") items.push({ kind, ...decodeHead(blob) });
    else items.push({ kind, bytes: blob });
  }
  return items;
}

function encodeItem(item: IndexItem): Uint8Array {
  if (item.kind === "directory") return encodeDirectory(item.blocks);
  if (item.kind !== "head") return item.bytes;
  const out = new ByteWriter();
  out.varint(item.totalEntries);
  out.varint(item.totalBytes);
  out.bytes(item.bytes);
  return out.take();
}

function decodeHead(bytes: Uint8Array): AnnouncedHead {
  const reader = new ByteReader(bytes, "the head of an image");
  return { totalEntries: reader.varint(), totalBytes: reader.varint(), bytes: bytes.subarray(reader.position) };
}

function encodeDirectory(blocks: readonly DirectoryEntry[]): Buffer {
  const out = new ByteWriter();
  out.varint(blocks.length);
  for (const { codec, storedBytes, chunkIds, chunkLengths } of blocks) {
    out.u8(codec);
    out.varint(storedBytes);
    out.varint(chunkLengths.length);
    for (const [at, length] of chunkLengths.entries()) {
      out.bytes(chunkIds.subarray(at * 32, at * 32 + 32));
      out.varint(length);
    }
  }
  return out.take();
}

function decodeDirectory(bytes: Uint8Array): DirectoryEntry[] {
  const reader = new ByteReader(bytes, "a directory of blocks");
  const count = reader.varint(bytes.length);
  const blocks: DirectoryEntry[] = [];
  for (let at = 0; at < count; at++) {
    const codec = reader.u8();
    if (codec !== 0 && codec !== 1) throw reader.invalid(`unknown codec ${codec}`);
    const storedBytes = reader.varint(limits.blockBytes + 65_536);
    const chunks = reader.varint(limits.blockBytes);
    if (chunks === 0 || chunks * 33 > reader.remaining) throw reader.invalid(`${chunks} chunks do not fit`);
    const chunkIds = new Uint8Array(chunks * 32);
    const chunkLengths = new Uint32Array(chunks);
    let plainBytes = 0;
    for (let index = 0; index < chunks; index++) {
      chunkIds.set(reader.bytes(32), index * 32);
      const length = reader.varint(limits.chunkBytes);
      plainBytes += length;
      if (length === 0 || plainBytes > limits.blockBytes) throw reader.invalid("a chunk is empty or a block too long");
      chunkLengths[index] = length;
    }
    blocks.push({ codec, storedBytes, chunkIds, chunkLengths });
  }
  reader.end();
  return blocks;
}

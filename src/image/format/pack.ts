import { createHash, randomBytes } from "node:crypto";
import type { Tagged } from "../../core/tagged.ts";
import { FormatInvalidError } from "../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { limits } from "./limits.ts";

/** SHA-256 of a block as stored, 64 hex digits. */
export type BlockId = Tagged<string, "BlockId">;
/** SHA-256 of a pack's footer, 64 hex digits. */
export type PackId = Tagged<string, "PackId">;

/** How the plain bytes of a block were turned into what is stored. */
export type Codec = 0 | 1;

/** A block as the footer of its pack describes it; its chunks column by column. `offset`: of the block in its pack, in bytes. */
export interface BlockEntry {
  readonly id: BlockId;
  readonly codec: Codec;
  readonly offset: number;
  readonly storedBytes: number;
  readonly plainBytes: number;
  /** 32 bytes each, joined. */
  readonly chunkIds: Uint8Array;
  readonly chunkLengths: Uint32Array;
}

/** A block ready to be put into a pack. `chunkIds` are 32 bytes each, joined. */
export interface EncodedBlock {
  /** SHA-256 of `stored`, 32 bytes. */
  readonly id: Uint8Array;
  readonly codec: Codec;
  readonly stored: Uint8Array;
  readonly plainBytes: number;
  readonly chunkIds: Uint8Array;
  readonly chunkLengths: Uint32Array;
}

export const packMagic: Buffer = Buffer.from("RHPACK01", "latin1");
const endMagic = Buffer.from("RHPKEND1", "latin1");
/** Length of what follows the footer. */
export const packTrailerBytes: number = 4 + 32 + 8;

/** A pack: its id, all its bytes in order, and what its footer says. */
export interface EncodedPack {
  readonly id: PackId;
  readonly parts: readonly Uint8Array[];
  readonly blocks: readonly BlockEntry[];
  readonly sizeBytes: number;
}

const saltBytes = 16;

/** Joins blocks into a pack (section 2.3), whose name no pack has had before. */
export function encodePack(blocks: readonly EncodedBlock[], salt: Uint8Array = randomBytes(saltBytes)): EncodedPack {
  const footer = new ByteWriter(64 * 1024);
  footer.bytes(salt);
  footer.varint(blocks.length);
  const entries: BlockEntry[] = [];
  let offset = packMagic.length;
  for (const block of blocks) {
    footer.bytes(block.id);
    footer.u8(block.codec);
    footer.varint(block.stored.length);
    footer.varint(block.chunkLengths.length);
    const { chunkIds, chunkLengths } = block;
    chunkLengths.forEach((lengthBytes, at) => {
      footer.bytes(chunkIds.subarray(at * 32, at * 32 + 32));
      footer.varint(lengthBytes);
    });
    entries.push({
      id: Buffer.from(block.id).toString("hex") as BlockId,
      codec: block.codec,
      offset,
      storedBytes: block.stored.length,
      plainBytes: block.plainBytes,
      chunkIds,
      chunkLengths,
    });
    offset += block.stored.length;
  }
  const footerBytes = footer.take();
  const hash = createHash("sha256").update(footerBytes).digest();
  const trailer = new ByteWriter(packTrailerBytes);
  trailer.u32(footerBytes.length);
  trailer.bytes(hash);
  trailer.bytes(endMagic);
  return {
    id: hash.toString("hex") as PackId,
    parts: [packMagic, ...blocks.map((block) => block.stored), footerBytes, trailer.take()],
    blocks: entries,
    sizeBytes: offset + footerBytes.length + packTrailerBytes,
  };
}

/**
 * Reads the trailer of a pack: how long its footer is.
 *
 * @throws {FormatInvalidError}
 */
export function decodePackTrailer(trailer: Uint8Array, id: PackId, packBytes: number): { footerBytes: number } {
  const subject = `pack ${id}`;
  const reader = new ByteReader(trailer, subject);
  const footerBytes = reader.u32();
  const hash = reader.bytes(32);
  if (!reader.bytes(8).equals(endMagic)) throw new FormatInvalidError(subject, "it does not end as a pack does");
  reader.end();
  if (hash.toString("hex") !== id) throw new FormatInvalidError(subject, "it names another footer than its own");
  if (footerBytes > limits.footerBytes || footerBytes > packBytes - packMagic.length - packTrailerBytes)
    throw new FormatInvalidError(subject, `a footer of ${footerBytes} bytes does not fit`);
  return { footerBytes };
}

/**
 * Reads a footer and holds it against the pack's id and size.
 *
 * @throws {FormatInvalidError}
 */
export function decodePackFooter(footer: Uint8Array, id: PackId, packBytes: number): BlockEntry[] {
  const subject = `pack ${id}`;
  if (createHash("sha256").update(footer).digest("hex") !== id)
    throw new FormatInvalidError(subject, "its footer does not match its name");
  const reader = new ByteReader(footer, subject);
  reader.bytes(saltBytes);
  const count = reader.varint(footer.length);
  const blocks: BlockEntry[] = [];
  let offset = packMagic.length;
  for (let at = 0; at < count; at++) {
    const blockId = reader.bytes(32).toString("hex") as BlockId;
    const codec = reader.u8();
    if (codec !== 0 && codec !== 1) throw reader.invalid(`unknown codec ${codec}`);
    const storedBytes = reader.varint(limits.packBytes);
    const chunkCount = reader.varint(limits.blockBytes);
    if (chunkCount * 33 > reader.remaining) throw reader.invalid(`${chunkCount} chunks do not fit`);
    const chunkIds = new Uint8Array(chunkCount * 32);
    const chunkLengths = new Uint32Array(chunkCount);
    let plainBytes = 0;
    for (let index = 0; index < chunkCount; index++) {
      chunkIds.set(reader.bytes(32), index * 32);
      const lengthBytes = reader.varint(limits.chunkBytes);
      if (lengthBytes === 0) throw reader.invalid("a chunk is empty");
      chunkLengths[index] = lengthBytes;
      plainBytes += lengthBytes;
      if (plainBytes > limits.blockBytes) throw reader.invalid("a block is too long");
    }
    if (chunkCount === 0) throw reader.invalid("a block has no chunks");
    blocks.push({ id: blockId, codec, offset, storedBytes, plainBytes, chunkIds, chunkLengths });
    offset += storedBytes;
  }
  reader.end();
  if (offset + footer.length + packTrailerBytes !== packBytes)
    throw new FormatInvalidError(subject, `its blocks end at ${offset}, which does not fit its ${packBytes} bytes`);
  return blocks;
}

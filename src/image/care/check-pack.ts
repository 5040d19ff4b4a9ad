import { RehomeError } from "../../core/errors.ts";
import { sha256 } from "../chunker/decode-block.ts";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { ObjectDamagedError } from "../errors.ts";
import {
  decodePackFooter,
  decodePackTrailer,
  packMagic,
  packTrailerBytes,
  type BlockEntry,
  type PackId,
} from "../format/pack.ts";
import { packKey } from "../store/pack-reader.ts";
import { limits } from "../format/limits.ts";

/** What a check found in a pack. */
export interface CheckedPack {
  readonly pack: PackId;
  readonly key: string;
  readonly sizeBytes: number;
  /** Nothing of it can be used: its footer or its frame is damaged. */
  readonly isUnreadable: boolean;
  readonly intactBlocks: readonly BlockEntry[];
  readonly damages: readonly {
    readonly object: string;
    readonly message: string;
    readonly chunkIds: readonly string[];
  }[];
}

const readBytes = 8 * 1024 * 1024;

/** Reads a whole pack and holds every block against its id. Undefined if it is gone by now. */
export async function checkPack(
  blobs: BlobStore,
  pack: PackId,
  sizeBytes: number,
  onBytes: (bytes: number) => void,
): Promise<CheckedPack | undefined> {
  const key = packKey(pack);
  const base = { pack, key, sizeBytes };
  const unreadable = (message: string): CheckedPack => ({
    ...base,
    isUnreadable: true,
    intactBlocks: [],
    damages: [{ object: key, message, chunkIds: [] }],
  });
  if (sizeBytes < packMagic.length + packTrailerBytes || sizeBytes > limits.packBytes)
    return unreadable("it has no possible length");
  let blocks: BlockEntry[];
  try {
    const trailer = await blobs.get(key, { offset: sizeBytes - packTrailerBytes, lengthBytes: packTrailerBytes });
    if (trailer === undefined) return undefined;
    const { footerBytes } = decodePackTrailer(trailer, pack, sizeBytes);
    const footer = await blobs.get(key, {
      offset: sizeBytes - packTrailerBytes - footerBytes,
      lengthBytes: footerBytes,
    });
    if (footer === undefined) return undefined;
    blocks = decodePackFooter(footer, pack, sizeBytes);
    onBytes(footerBytes + packTrailerBytes);
  } catch (error) {
    if (error instanceof RehomeError) return unreadable(error.message);
    throw error;
  }
  const damages: { object: string; message: string; chunkIds: readonly string[] }[] = [];
  const magic = await readSound(blobs, key, 0, packMagic.length);
  if (magic === undefined) return undefined;
  if (!magic.equals(packMagic))
    damages.push({ object: key, message: "it does not begin as a pack does; its blocks can be read", chunkIds: [] });
  const intactBlocks: BlockEntry[] = [];
  for (let first = 0; first < blocks.length;) {
    const group = blocks.slice(first, groupEnd(blocks, first));
    const start = group[0]?.offset ?? 0;
    const length = group.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
    const bytes = await readSound(blobs, key, start, length);
    if (bytes === undefined) return undefined;
    onBytes(length);
    for (const block of group) {
      // In an encrypted store one damaged byte makes all that is read with it unreadable: then each block is read alone.
      const stored =
        bytes.length === length
          ? bytes.subarray(block.offset - start, block.offset - start + block.storedBytes)
          : await readSound(blobs, key, block.offset, block.storedBytes);
      if (stored === undefined) return undefined;
      if (sha256(stored).toString("hex") === block.id) intactBlocks.push(block);
      else
        damages.push({
          object: `block ${block.id} in ${key}`,
          message: `its ${block.storedBytes} bytes at ${block.offset} do not match its name`,
          chunkIds: hexIds(block.chunkIds),
        });
    }
    first += group.length;
  }
  return { ...base, isUnreadable: false, intactBlocks, damages };
}

/** A part of an object; empty where it is damaged so that nothing of it can be read, undefined where there is no object. */
async function readSound(
  blobs: BlobStore,
  key: string,
  offset: number,
  lengthBytes: number,
): Promise<Buffer | undefined> {
  try {
    return await blobs.get(key, { offset, lengthBytes });
  } catch (error) {
    if (error instanceof ObjectDamagedError) return Buffer.alloc(0);
    throw error;
  }
}

function hexIds(joined: Uint8Array): string[] {
  return Array.from({ length: joined.length / 32 }, (_, at) =>
    Buffer.from(joined.subarray(at * 32, at * 32 + 32)).toString("hex"),
  );
}

function groupEnd(blocks: readonly BlockEntry[], first: number): number {
  let end = first;
  let bytes = 0;
  while (end < blocks.length && (end === first || bytes + (blocks[end]?.storedBytes ?? 0) <= readBytes))
    bytes += blocks[end++]?.storedBytes ?? 0;
  return end;
}

import type { BlobStore } from "../blob-store/blob-store.ts";
import { FormatInvalidError, ObjectMissingError } from "../errors.ts";
import {
  decodePackFooter,
  decodePackTrailer,
  packMagic,
  packTrailerBytes,
  type BlockEntry,
  type PackId,
} from "../format/pack.ts";

/** The key of a pack. */
export function packKey(pack: string): string {
  return `packs/${pack.slice(0, 2)}/${pack}`;
}

/** The id in the key of a pack, or undefined for a key that is none. */
export function packOfKey(key: string): PackId | undefined {
  const match = /^packs\/([0-9a-f]{2})\/([0-9a-f]{64})$/.exec(key);
  return match?.[2]?.startsWith(match[1] ?? "-") ? (match[2] as PackId) : undefined;
}

/**
 * Reads what a pack's footer says.
 *
 * @throws {FormatInvalidError} If pack and name do not fit each other.
 * @throws {ObjectMissingError}
 */
export async function readPackFooter(blobs: BlobStore, pack: PackId, packBytes: number): Promise<BlockEntry[]> {
  const key = packKey(pack);
  const guess = Math.min(packBytes, 128 * 1024);
  const tail = await blobs.get(key, { offset: packBytes - guess, lengthBytes: guess });
  if (tail === undefined) throw new ObjectMissingError(key);
  if (tail.length !== guess || guess < packTrailerBytes + packMagic.length)
    throw new FormatInvalidError(`pack ${pack}`, `it has only ${tail.length} bytes where ${guess} are needed`);
  const { footerBytes } = decodePackTrailer(tail.subarray(-packTrailerBytes), pack, packBytes);
  const whole = footerBytes + packTrailerBytes;
  if (whole <= tail.length) return decodePackFooter(tail.subarray(-whole, -packTrailerBytes), pack, packBytes);
  const footer = await blobs.get(key, { offset: packBytes - whole, lengthBytes: footerBytes });
  if (footer === undefined) throw new ObjectMissingError(key);
  return decodePackFooter(footer, pack, packBytes);
}

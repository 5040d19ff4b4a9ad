import { hash } from "node:crypto";
import { zstdDecompressSync } from "node:zlib";
import { ObjectDamagedError } from "../errors.ts";
import type { Codec } from "../format/pack.ts";

/**
 * Turns a stored block into its plain bytes, never more than `plainBytes`.
 *
 * @throws {ObjectDamagedError} If it is no frame of just that many bytes.
 */
export function decodeBlock(stored: Uint8Array, codec: Codec, plainBytes: number, subject: string): Buffer {
  let plain: Buffer;
  try {
    plain =
      codec === 0
        ? Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
        : zstdDecompressSync(stored, { chunkSize: plainBytes + 64, maxOutputLength: plainBytes });
  } catch (error) {
    throw new ObjectDamagedError(subject, "it cannot be decompressed", { cause: error });
  }
  if (plain.length !== plainBytes)
    throw new ObjectDamagedError(subject, `it has ${plain.length} plain bytes, and ${plainBytes} are needed`);
  return plain;
}

/** Puts the SHA-256 of `bytes` into the first 32 bytes of `into`; allocates nothing outside the heap, for loops over many small chunks. */
export function sha256Into(bytes: Uint8Array, into: Buffer): void {
  into.write(hash("sha256", bytes, "binary"), 0, "latin1");
}

/** The SHA-256 of `bytes`, 32 bytes. */
export function sha256(bytes: Uint8Array): Buffer {
  return hash("sha256", bytes, "buffer");
}

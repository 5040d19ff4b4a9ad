import { constants, zstdCompressSync } from "node:zlib";
import type { EncodedBlock } from "../format/pack.ts";
import { ByteWriter } from "../format/byte-writer.ts";
import { sha256 } from "./decode-block.ts";

/** Plain bytes at which a block is closed. */
export const blockTargetBytes: number = 1_048_576;

/** How blocks are compressed: {@link compressBlock}'s own choice, or a level of zstd (1 to 19). */
export interface CompressionOptions {
  readonly level: "standard" | number;
}

/**
 * Collects new chunks into blocks and compresses each once.
 *
 * Invariants: `room()` points at the place where the next chunk's bytes go, so that a reader fills it without a copy; a
 * chunk counts only after `add`.
 */
export class BlockBuilder {
  readonly #plain: Buffer;
  readonly #compression: CompressionOptions;
  readonly #finished: EncodedBlock[] = [];
  #length = 0;
  readonly #ids = new ByteWriter(64 * 1024);
  #lengths: number[] = [];

  constructor(compression: CompressionOptions, maxChunkBytes: number) {
    this.#compression = compression;
    this.#plain = Buffer.allocUnsafeSlow(blockTargetBytes + maxChunkBytes);
  }

  /** Where the next chunk's bytes go: at least as many as the longest chunk has. */
  room(): Buffer {
    return this.#plain.subarray(this.#length);
  }

  /** Takes the first `lengthBytes` of {@link room} as the chunk `id` (32 bytes, copied). */
  add(id: Uint8Array, lengthBytes: number): void {
    this.#ids.bytes(id);
    this.#lengths.push(lengthBytes);
    this.#length += lengthBytes;
    if (this.#length >= blockTargetBytes) this.#close();
  }

  /** Closes the block under way and hands out all blocks since the last call. */
  take(): EncodedBlock[] {
    this.#close();
    return this.#finished.splice(0);
  }

  #close(): void {
    if (this.#length === 0) return;
    this.#finished.push({
      ...compressBlock(this.#plain.subarray(0, this.#length), this.#compression),
      plainBytes: this.#length,
      chunkIds: this.#ids.take(),
      chunkLengths: Uint32Array.from(this.#lengths),
    });
    this.#length = 0;
    this.#lengths = [];
  }
}

/**
 * Compresses the plain bytes of a block; bytes that do not shrink are stored as they are. The result owns its memory.
 *
 * The standard parameters are zstd's level 2 with a hash table that stays in a core's cache while its neighbour works too,
 * and matches of 5 bytes: measured on a Debian tree 1.45 times as fast as level 3, for 3 % more bytes.
 */
export function compressBlock(
  plain: Buffer,
  compression: CompressionOptions,
): Pick<EncodedBlock, "id" | "codec" | "stored"> {
  const compressed = zstdCompressSync(plain, {
    chunkSize: plain.length + 65_536,
    params:
      compression.level === "standard"
        ? { [constants.ZSTD_c_compressionLevel]: 2, [constants.ZSTD_c_hashLog]: 15, [constants.ZSTD_c_minMatch]: 5 }
        : { [constants.ZSTD_c_compressionLevel]: compression.level },
  });
  const codec = compressed.length < plain.length ? 1 : 0;
  // Cut to length in place: a copy, or waiting for the collector, would hold a block's whole room meanwhile.
  const stored = codec === 1 ? new Uint8Array(compressed.buffer.transfer(compressed.length)) : Uint8Array.from(plain);
  return { id: sha256(stored), codec, stored };
}

import type { ChunkId } from "../../../core/tree/entry.ts";
import { sha256 } from "../../../image/chunker/decode-block.ts";
import type { PlacedChunk } from "./node-index.ts";

/** The first chunk of a block that has other bytes than the signed index says; undefined if all are right. */
export function findWrongChunk(plain: Buffer, chunks: readonly PlacedChunk[]): ChunkId | undefined {
  let at = 0;
  for (const { id, lengthBytes } of chunks) {
    if (sha256(plain.subarray(at, at + lengthBytes)).toString("hex") !== id) return id;
    at += lengthBytes;
  }
  return undefined;
}

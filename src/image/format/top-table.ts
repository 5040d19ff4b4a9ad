import type { TreePath } from "../../core/tree/byte-string.ts";
import type { ChunkId } from "../../core/tree/entry.ts";
import { FormatUnknownError } from "../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { limits } from "./limits.ts";

/** Where a segment of the tree index lies and what it begins with. */
export interface SegmentReference {
  readonly id: ChunkId;
  readonly lengthBytes: number;
  readonly records: number;
  readonly firstPath: TreePath;
}

/** Writes a top table (section 2.5). */
export function encodeTopTable(segments: readonly SegmentReference[]): Buffer {
  const out = new ByteWriter();
  out.varint(1);
  out.varint(segments.length);
  for (const segment of segments) {
    out.bytes(Buffer.from(segment.id, "hex"));
    out.varint(segment.lengthBytes);
    out.varint(segment.records);
    out.blob(segment.firstPath);
  }
  return out.take();
}

/**
 * Reads a top table.
 *
 * @throws {FormatInvalidError}
 * @throws {FormatUnknownError}
 */
export function decodeTopTable(bytes: Uint8Array): SegmentReference[] {
  const reader = new ByteReader(bytes, "the top table of a tree index");
  const version = reader.varint();
  if (version !== 1) throw new FormatUnknownError("the top table of a tree index", String(version));
  const count = reader.varint(bytes.length);
  const segments: SegmentReference[] = [];
  for (let at = 0; at < count; at++)
    segments.push({
      id: reader.bytes(32).toString("hex") as ChunkId,
      lengthBytes: reader.varint(limits.chunkBytes),
      records: reader.varint(limits.chunkBytes),
      firstPath: reader.byteString(limits.pathBytes),
    });
  reader.end();
  return segments;
}

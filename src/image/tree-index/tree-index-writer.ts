import { createHash } from "node:crypto";
import type { TreeReference } from "../../core/manifest/manifest.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import type { ChunkId } from "../../core/tree/entry.ts";
import { compressBlock } from "../chunker/block-builder.ts";
import { sha256 } from "../chunker/decode-block.ts";
import { FormatInvalidError } from "../errors.ts";
import { limits } from "../format/limits.ts";
import { SegmentWriter, type Segment } from "../format/segment.ts";
import { encodeTopTable, type SegmentReference } from "../format/top-table.ts";
import type { ChunkIndex } from "../chunk-index/chunk-index.ts";
import type { PackWriter } from "../store/pack-writer.ts";

const tablePieceBytes = 1024 * 1024;
const compression = { level: 3 } as const;

/**
 * Writes the tree index of one image: records in walk order into segments, those and the top table into packs, where the
 * store does not have them yet.
 */
export class TreeIndexWriter {
  readonly #packs: Pick<PackWriter, "add">;
  readonly #index: Pick<ChunkIndex, "has">;
  readonly #onSegment: ((bytes: Uint8Array) => Promise<void>) | undefined;
  readonly #segments = new SegmentWriter();
  readonly #references: SegmentReference[] = [];
  readonly #written = new Set<string>();
  readonly #digest = createHash("sha256");

  /** @param onSegment Told of each segment before it is put; it is put once the promise is fulfilled. */
  constructor(
    packs: Pick<PackWriter, "add">,
    index: Pick<ChunkIndex, "has">,
    onSegment?: (bytes: Uint8Array) => Promise<void>,
  ) {
    this.#packs = packs;
    this.#index = index;
    this.#onSegment = onSegment;
  }

  /** Adds a record; `body` as `writeBody` writes it. Returns a promise only when a segment was put. */
  add(path: TreePath, body: Uint8Array): Promise<void> | undefined {
    const segment = this.#segments.add(path, body);
    return segment === undefined ? undefined : this.#put(segment);
  }

  /** Ends the index and returns what the manifest says of it. The packs are not flushed. */
  async end(): Promise<TreeReference> {
    const last = this.#segments.end();
    if (last) await this.#put(last);
    const table = encodeTopTable(this.#references);
    if (table.length > limits.tableBytes)
      throw new FormatInvalidError("the tree index", `a top table of ${table.length} bytes is too long`);
    const pieces: { id: ChunkId; lengthBytes: number }[] = [];
    for (let at = 0; at < table.length; at += tablePieceBytes) {
      const piece = table.subarray(at, at + tablePieceBytes);
      pieces.push({ id: await this.#putChunk(piece), lengthBytes: piece.length });
    }
    return { table: pieces, digest: this.#digest.digest("hex") };
  }

  async #put(segment: Segment): Promise<void> {
    if (segment.bytes.length > limits.chunkBytes)
      throw new FormatInvalidError("the tree index", `a segment of ${segment.bytes.length} bytes is too long`);
    await this.#onSegment?.(segment.bytes);
    const id = await this.#putChunk(segment.bytes);
    this.#digest.update(Buffer.from(id, "hex"));
    this.#references.push({
      id,
      lengthBytes: segment.bytes.length,
      records: segment.records,
      firstPath: segment.firstPath,
    });
  }

  async #putChunk(bytes: Buffer): Promise<ChunkId> {
    const raw = sha256(bytes);
    const id = raw.toString("hex") as ChunkId;
    if (this.#written.has(id) || this.#index.has(raw)) return id;
    this.#written.add(id);
    const block = compressBlock(bytes, compression);
    await this.#packs.add({
      ...block,
      plainBytes: bytes.length,
      chunkIds: raw,
      chunkLengths: Uint32Array.of(bytes.length),
    });
    return id;
  }
}

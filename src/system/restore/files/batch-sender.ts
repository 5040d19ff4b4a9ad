import type { ChunkId, Piece } from "../../../core/tree/entry.ts";
import type { MetadataLoss, MetadataOptions } from "../../../core/tree/tree-writer.ts";
import { packKey } from "../../../image/store/pack-reader.ts";
import type { ChunkSource } from "../../../image/store/chunk-source.ts";
import type { CarriedBlock, ChunkColumns, FileToWrite, WriteItem } from "./file-batch.ts";
import type { WritePool } from "../ports.ts";

const batchBytes = 4 * 1024 * 1024;
const maxBatchBytes = 12 * 1024 * 1024;
const batchItems = 512;

/** Called once an item is written. */
export type AfterWrite = (losses: readonly MetadataLoss[]) => void;

/**
 * Gathers files into batches with the blocks they need, for the pool. Batches end between blocks where they can, so that
 * few blocks are decoded twice.
 */
export class WriteSender {
  readonly #pool: WritePool;
  readonly #chunks: ChunkSource;
  readonly #metadata: MetadataOptions;
  readonly #underWay = new Set<Promise<void>>();
  #items: WriteItem[] = [];
  #after: AfterWrite[] = [];
  #blocks = new Set<number>();
  #bytes = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(pool: WritePool, chunks: ChunkSource, metadata: MetadataOptions) {
    this.#pool = pool;
    this.#chunks = chunks;
    this.#metadata = metadata;
  }

  /** Adds a file; waits while the pool has no room. `start` is where `pieces` begin in the file. @throws {ObjectMissingError} */
  async add(file: FileToWrite, pieces: readonly Piece[], start: number, after: AfterWrite): Promise<void> {
    const chunks = this.#locate(pieces, start);
    const sizeBytes = chunks.lengths.reduce((sum, length) => sum + length, 0);
    const shares = chunks.blocks.some((block) => this.#blocks.has(block));
    const full = this.#items.length >= batchItems || this.#bytes + sizeBytes > maxBatchBytes;
    if (this.#items.length > 0 && (full || (this.#bytes >= batchBytes && !shares))) await this.#send();
    this.#items.push({ ...file, chunks });
    this.#after.push(after);
    for (const block of chunks.blocks) this.#blocks.add(block);
    this.#bytes += sizeBytes;
  }

  /** Waits until everything given so far is written. */
  async drain(): Promise<void> {
    await this.#send();
    await Promise.all(this.#underWay);
    this.#rethrow();
  }

  #locate(pieces: readonly Piece[], start: number): ChunkColumns {
    const count = pieces.reduce((sum, piece) => sum + (piece.kind === "chunk" ? 1 : 0), 0);
    const ids = Buffer.alloc(count * 32);
    const columns = {
      ids,
      lengths: [] as number[],
      blocks: [] as number[],
      offsets: [] as number[],
      positions: [] as number[],
    };
    let position = start;
    for (const piece of pieces) {
      if (piece.kind === "chunk") {
        const location = this.#chunks.locate(piece.id, piece.lengthBytes);
        ids.write(piece.id, columns.lengths.length * 32, "hex");
        columns.lengths.push(piece.lengthBytes);
        columns.blocks.push(location.block);
        columns.offsets.push(location.offset);
        columns.positions.push(position);
      }
      position += piece.lengthBytes;
    }
    return columns;
  }

  async #send(): Promise<void> {
    this.#rethrow();
    if (this.#items.length === 0) return;
    const [items, after] = [this.#items, this.#after];
    this.#items = [];
    this.#after = [];
    this.#blocks = new Set();
    this.#bytes = 0;
    await this.#pool.room();
    const trip = this.#trip(items, after);
    this.#underWay.add(trip);
    void trip.then(() => this.#underWay.delete(trip));
    // The pool takes the request only once its blocks are read: wait here, so that no more is read ahead than it has room for.
    while (this.#underWay.size > 4) await Promise.race(this.#underWay);
  }

  async #trip(items: readonly WriteItem[], after: readonly AfterWrite[]): Promise<void> {
    try {
      let located = items;
      let isFirst = true;
      const blocks = await this.#chunks.retryFresh(() => {
        if (!isFirst) located = items.map((item) => ({ ...item, chunks: this.#relocate(item.chunks) }));
        isFirst = false;
        return this.#readBlocks(located);
      });
      const transfer = new Set(blocks.map((block) => block.stored.buffer as ArrayBuffer));
      const { losses } = await this.#pool.run({ items: located, blocks, metadata: this.#metadata }, [...transfer]);
      const lost = new Map(losses.map((loss) => [loss.item, loss.losses]));
      for (const [at, done] of after.entries()) done(lost.get(at) ?? []);
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  async #readBlocks(items: readonly WriteItem[]): Promise<CarriedBlock[]> {
    const numbers = new Set(items.flatMap(({ chunks }) => chunks.blocks));
    const blocks = [...numbers].map((block) => this.#chunks.block(block));
    const stored = await this.#chunks.readStored(blocks);
    return blocks.map(({ block, blockId, codec, plainBytes, pack }) => ({
      block,
      codec,
      plainBytes,
      stored: stored.get(block) as Uint8Array,
      subject: `block ${blockId} in ${packKey(pack)}`,
    }));
  }

  #relocate(columns: ChunkColumns): ChunkColumns {
    const locations = columns.lengths.map((length, at) => {
      const id = Buffer.from(columns.ids.subarray(at * 32, at * 32 + 32)).toString("hex") as ChunkId;
      return this.#chunks.locate(id, length);
    });
    return { ...columns, blocks: locations.map(({ block }) => block), offsets: locations.map(({ offset }) => offset) };
  }

  #rethrow(): void {
    if (this.#failure) throw this.#failure.error;
  }
}

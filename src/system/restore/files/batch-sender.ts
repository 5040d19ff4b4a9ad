import type { ChunkId, Piece } from "../../../core/tree/entry.ts";
import type { MetadataLoss, MetadataOptions } from "../../../core/tree/tree-writer.ts";
import type { ChunkLocation } from "../../../image/chunk-index/chunk-index.ts";
import type { RestoreSource } from "../../../image/store/chunk-source.ts";
import type { ChunkColumns, FileToWrite, WriteItem } from "./file-batch.ts";
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
  readonly #chunks: RestoreSource;
  readonly #metadata: MetadataOptions;
  readonly #underWay = new Set<Promise<void>>();
  #items: WriteItem[] = [];
  #columns = emptyColumns();
  #after: AfterWrite[] = [];
  #blocks = new Set<number>();
  #bytes = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(pool: WritePool, chunks: RestoreSource, metadata: MetadataOptions) {
    this.#pool = pool;
    this.#chunks = chunks;
    this.#metadata = metadata;
  }

  /** Adds a file; waits while the pool has no room. `start` is where `pieces` begin in the file. @throws {ObjectMissingError} */
  async add(file: FileToWrite, pieces: readonly Piece[], start: number, after: AfterWrite): Promise<void> {
    const located = this.#locate(pieces, start);
    const sizeBytes = located.reduce((sum, { location }) => sum + location.lengthBytes, 0);
    const shares = located.some(({ location }) => this.#blocks.has(location.block));
    const full = this.#items.length >= batchItems || this.#bytes + sizeBytes > maxBatchBytes;
    if (this.#items.length > 0 && (full || (this.#bytes >= batchBytes && !shares))) await this.#send();
    this.#items.push({ ...file, chunkCount: located.length });
    this.#after.push(after);
    const { ids, lengths, blocks, offsets, positions } = this.#columns;
    for (const { id, location, position } of located) {
      ids.push(id);
      lengths.push(location.lengthBytes);
      blocks.push(location.block);
      offsets.push(location.offset);
      positions.push(position);
      this.#blocks.add(location.block);
    }
    this.#bytes += sizeBytes;
  }

  /** Waits until everything given so far is written. */
  async drain(): Promise<void> {
    await this.#send();
    await Promise.all(this.#underWay);
    this.#rethrow();
  }

  #locate(pieces: readonly Piece[], start: number): LocatedChunk[] {
    const located: LocatedChunk[] = [];
    let position = start;
    for (const piece of pieces) {
      if (piece.kind === "chunk")
        located.push({ id: piece.id, location: this.#chunks.locate(piece.id, piece.lengthBytes), position });
      position += piece.lengthBytes;
    }
    return located;
  }

  async #send(): Promise<void> {
    this.#rethrow();
    if (this.#items.length === 0) return;
    const [items, columns, after] = [this.#items, this.#columns, this.#after];
    this.#items = [];
    this.#columns = emptyColumns();
    this.#after = [];
    this.#blocks = new Set();
    this.#bytes = 0;
    await this.#pool.room();
    const trip = this.#trip(items, columns, after);
    this.#underWay.add(trip);
    void trip.then(() => this.#underWay.delete(trip));
    // The pool takes the request only once its blocks are read: wait here, so that no more is read ahead than it has room for.
    while (this.#underWay.size > 4) await Promise.race(this.#underWay);
  }

  async #trip(items: readonly WriteItem[], columns: ChunkColumns, after: readonly AfterWrite[]): Promise<void> {
    try {
      let isFirst = true;
      const { losses } = await this.#chunks.retryFresh(async (carry) => {
        const again = isFirst ? {} : { again: true as const };
        const chunks = isFirst ? columns : this.#relocate(columns);
        isFirst = false;
        const blocks = await carry([...new Set(chunks.blocks)]);
        // Memory that is shared with this thread stays its own.
        const transfer = new Set(
          blocks.flatMap(({ stored: { buffer } }) => (buffer instanceof ArrayBuffer ? [buffer] : [])),
        );
        return await this.#pool.run({ items, chunks, blocks, metadata: this.#metadata, ...again }, [...transfer]);
      });
      const lost = new Map(losses.map((loss) => [loss.item, loss.losses]));
      for (const [at, done] of after.entries()) done(lost.get(at) ?? []);
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #relocate(columns: ChunkColumns): ChunkColumns {
    const locations = columns.ids.map((id, at) => this.#chunks.locate(id, columns.lengths[at] as number));
    return { ...columns, blocks: locations.map(({ block }) => block), offsets: locations.map(({ offset }) => offset) };
  }

  #rethrow(): void {
    if (this.#failure) throw this.#failure.error;
  }
}

interface LocatedChunk {
  readonly id: ChunkId;
  readonly location: ChunkLocation;
  readonly position: number;
}

function emptyColumns(): { readonly [Name in keyof ChunkColumns]: ChunkColumns[Name][number][] } {
  return { ids: [], lengths: [], blocks: [], offsets: [], positions: [] };
}

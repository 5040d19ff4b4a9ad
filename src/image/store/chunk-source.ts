import type { ChunkId } from "../../core/tree/entry.ts";
import type { BlobStore } from "../blob-store/blob-store.ts";
import type { BlockLocation, ChunkIndex, ChunkLocation } from "../chunk-index/chunk-index.ts";
import { decodeBlock, sha256 } from "../chunker/decode-block.ts";
import { ObjectDamagedError, ObjectMissingError } from "../errors.ts";
import type { CarriedBlock } from "./carried-block.ts";
import { packKey } from "./pack-reader.ts";

/** Where a restore has its chunks from: a store, or a chain while it comes in. */
export type RestoreSource = Pick<ChunkSource, "locate" | "carry" | "retryFresh" | "readChunk">;

/** Finds chunks and reads stored blocks. */
export class ChunkSource {
  readonly #blobs: BlobStore;
  readonly #index: ChunkIndex;
  readonly #refresh: (() => Promise<unknown>) | undefined;

  /** @param refresh Brings the index to what lies in the store now. */
  constructor(blobs: BlobStore, index: ChunkIndex, refresh?: () => Promise<unknown>) {
    this.#blobs = blobs;
    this.#index = index;
    this.#refresh = refresh;
  }

  /**
   * Does `work`, which locates chunks and reads them, and does it again with a fresh index when something was missing: a prune may
   * have removed a condemned pack whose chunks were stored anew elsewhere since.
   */
  async retryFresh<Result>(work: (carry: ChunkSource["carry"]) => Promise<Result>): Promise<Result> {
    const carry = (numbers: readonly number[]): Promise<CarriedBlock[]> => this.carry(numbers);
    try {
      return await work(carry);
    } catch (error) {
      if (!(error instanceof ObjectMissingError) || this.#refresh === undefined) throw error;
      await this.#refresh();
      return await work(carry);
    }
  }

  /** @throws {ObjectMissingError} If no pack holds the chunk, or holds it with another length. */
  locate(id: ChunkId, lengthBytes: number): ChunkLocation {
    const location = this.#index.find(Buffer.from(id, "hex"));
    if (location === undefined || location.lengthBytes !== lengthBytes) throw new ObjectMissingError(`chunk ${id}`);
    return location;
  }

  /** @throws {ObjectMissingError} */
  block(block: number): BlockLocation {
    const location = this.#index.block(block);
    if (location === undefined) throw new ObjectMissingError(`block ${block} of the index`);
    return location;
  }

  /**
   * Reads blocks as they are stored; neighbours in a pack in one go. The results share memory only with each other.
   *
   * @throws {ObjectMissingError} @throws {ObjectDamagedError} If a pack is too short.
   */
  async readStored(blocks: readonly BlockLocation[]): Promise<Map<number, Buffer>> {
    const stored = new Map<number, Buffer>();
    const ordered = blocks.toSorted((a, b) => (a.pack < b.pack ? -1 : a.pack > b.pack ? 1 : a.offset - b.offset));
    for (let first = 0; first < ordered.length;) {
      const start = ordered[first] as BlockLocation;
      let next = first + 1;
      let end = start.offset + start.storedBytes;
      while (ordered[next]?.pack === start.pack && ordered[next]?.offset === end)
        end += ordered[next++]?.storedBytes ?? 0;
      const bytes = await this.#blobs.get(packKey(start.pack), {
        offset: start.offset,
        lengthBytes: end - start.offset,
      });
      if (bytes === undefined) throw new ObjectMissingError(packKey(start.pack));
      if (bytes.length !== end - start.offset) throw new ObjectDamagedError(packKey(start.pack), "it is cut off");
      for (const block of ordered.slice(first, next))
        stored.set(
          block.block,
          bytes.subarray(block.offset - start.offset, block.offset - start.offset + block.storedBytes),
        );
      first = next;
    }
    return stored;
  }

  /** Reads blocks for another thread. @throws {ObjectMissingError} @throws {ObjectDamagedError} */
  async carry(numbers: readonly number[]): Promise<CarriedBlock[]> {
    const blocks = numbers.map((block) => this.block(block));
    const stored = await this.readStored(blocks);
    return blocks.map(({ block, blockId, codec, plainBytes, pack }) => ({
      block,
      codec,
      plainBytes,
      stored: stored.get(block) as Uint8Array,
      subject: `block ${blockId} in ${packKey(pack)}`,
    }));
  }

  /** Reads one chunk and holds it against its id. For single chunks such as segments; not for bulk. @throws {ObjectDamagedError} */
  readChunk(id: ChunkId, lengthBytes: number): Promise<Buffer> {
    return this.retryFresh(() => this.#readChunk(id, lengthBytes));
  }

  async #readChunk(id: ChunkId, lengthBytes: number): Promise<Buffer> {
    const location = this.locate(id, lengthBytes);
    const block = this.block(location.block);
    const stored = (await this.readStored([block])).get(location.block) as Buffer;
    const subject = `block ${block.blockId} in ${packKey(block.pack)}`;
    const plain = decodeBlock(stored, block.codec, block.plainBytes, subject);
    const chunk = plain.subarray(location.offset, location.offset + lengthBytes);
    if (sha256(chunk).toString("hex") !== id) throw new ObjectDamagedError(subject, `its chunk ${id} has other bytes`);
    return chunk;
  }
}

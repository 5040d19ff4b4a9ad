import type { BlobStore } from "../blob-store/blob-store.ts";
import type { ChunkIndex } from "../chunk-index/chunk-index.ts";
import { giveBack } from "../chunker/give-back.ts";
import { encodePack, type EncodedBlock, type PackId } from "../format/pack.ts";

const packTargetBytes = 16 * 1024 * 1024;
const putsAtOnce = 1;

/**
 * Collects blocks into packs and puts them, while the next one is being filled.
 *
 * Invariants: at most `putsAtOnce` packs are on their way and one is being filled, so memory stays below 40 MiB; a pack is
 * in the chunk index only once it is durable.
 */
export class PackWriter {
  readonly #blobs: BlobStore;
  readonly #index: ChunkIndex;
  readonly #onPut: () => void;
  readonly #puts = new Set<Promise<void>>();
  #blocks: EncodedBlock[] = [];
  #filledBytes = 0;
  #failure: unknown;
  /** What went into packs so far. */
  storedBytes = 0;
  plainBytes = 0;
  readonly packs: PackId[] = [];

  /** @param onPut Told when a further pack is durable, and in the index. */
  constructor(blobs: BlobStore, index: ChunkIndex, onPut: () => void = () => undefined) {
    this.#blobs = blobs;
    this.#index = index;
    this.#onPut = onPut;
  }

  /** Takes a block, whose stored bytes must be the only ones in their memory: it is given back once they are durable. Waits while too many packs are on their way. */
  async add(block: EncodedBlock): Promise<void> {
    this.#blocks.push(block);
    this.#filledBytes += block.stored.length;
    this.storedBytes += block.stored.length;
    this.plainBytes += block.plainBytes;
    if (this.#filledBytes >= packTargetBytes) await this.#put();
  }

  /** Puts what is left and waits for everything: all blocks are durable on return. */
  async flush(): Promise<void> {
    if (this.#blocks.length > 0) await this.#put();
    await Promise.all(this.#puts);
    this.#rethrow();
  }

  async #put(): Promise<void> {
    this.#rethrow();
    while (this.#puts.size >= putsAtOnce) await Promise.race(this.#puts);
    this.#rethrow();
    const blocks = this.#blocks;
    this.#blocks = [];
    this.#filledBytes = 0;
    const put = this.#putPack(blocks).catch((error: unknown) => {
      this.#failure ??= error;
    });
    this.#puts.add(put);
    void put.then(() => this.#puts.delete(put));
  }

  async #putPack(blocks: readonly EncodedBlock[]): Promise<void> {
    const pack = encodePack(blocks);
    await this.#blobs.put(`packs/${pack.id.slice(0, 2)}/${pack.id}`, pack.parts);
    this.#index.addPack(pack.id, pack.sizeBytes, pack.blocks);
    this.packs.push(pack.id);
    for (const { stored } of blocks) giveBack(stored);
    this.#onPut();
  }

  #rethrow(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

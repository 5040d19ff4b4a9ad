import type { ImageStore } from "../../../image/store/image-store.ts";
import { SequentialChunks } from "../../../image/store/sequential-chunks.ts";
import type { NodeIndex, PlacedChunk } from "./node-index.ts";

/** Reads frames from a store of the node that has their chunks, in whatever blocks these lie there. */
export class StoredFrames {
  readonly #store: Pick<ImageStore, "index" | "chunks">;
  readonly #index: NodeIndex;
  readonly #chunks: SequentialChunks;

  constructor(store: Pick<ImageStore, "index" | "chunks">, index: NodeIndex) {
    this.#store = store;
    this.#index = index;
    this.#chunks = new SequentialChunks(store.chunks);
  }

  /** Says whether the store knows each chunk of a frame; not where the index has not come yet. */
  has(frame: number): boolean {
    return this.#knows(this.#index.chunksOf(frame));
  }

  /** The plain bytes of a frame; undefined unless the store has each of its chunks, and right. */
  async frame(frame: number): Promise<Buffer | undefined> {
    const chunks = this.#index.chunksOf(frame);
    const parts: Buffer[] = [];
    try {
      if (!this.#knows(chunks)) return undefined;
      for (const { id, lengthBytes } of chunks) parts.push(await this.#chunks.read(id, lengthBytes));
    } catch {
      // Pruned meanwhile, or damaged: someone else has it.
      return undefined;
    }
    return Buffer.concat(parts);
  }

  #knows(chunks: readonly PlacedChunk[]): boolean {
    const { index } = this.#store;
    const isKnown = ({ id, lengthBytes }: PlacedChunk): boolean =>
      index.find(Buffer.from(id, "hex"))?.lengthBytes === lengthBytes;
    return chunks.length > 0 && chunks.every(isKnown);
  }
}

import { throwIfInterrupted } from "../../core/errors.ts";
import type { TreeReference } from "../../core/manifest/manifest.ts";
import { treesOf } from "../../core/manifest/trees.ts";
import type { ChunkId } from "../../core/tree/entry.ts";
import { ObjectMissingError } from "../errors.ts";
import { readSegment } from "../format/segment.ts";
import type { ImageId } from "../store/image-names.ts";
import type { ImageStore } from "../store/image-store.ts";
import { readTopTable } from "../tree-index/tree-index-reader.ts";

/**
 * Which blocks images need: one bit a block, so that memory stays flat. A segment that several images share is read once.
 */
export class Reachability {
  readonly #store: ImageStore;
  readonly #images = new Set<ImageId>();
  readonly #segments = new Set<ChunkId>();
  #blocks = new Uint8Array(1024);

  constructor(store: ImageStore) {
    this.#store = store;
  }

  /** Images marked so far. */
  get images(): ReadonlySet<ImageId> {
    return this.#images;
  }

  /**
   * Marks all that an image needs, if it was not marked before. The chunk index must be fresh.
   *
   * @throws {ObjectMissingError} @throws {ObjectDamagedError} @throws {FormatInvalidError} If the image is damaged: then nobody can tell what it needs.
   */
  async markImage(image: ImageId, signal?: AbortSignal): Promise<void> {
    if (this.#images.has(image)) return;
    for (const tree of treesOf(await this.#store.readManifest(image))) await this.#markTree(tree, signal);
    this.#images.add(image);
  }

  /** Says whether a marked image needs the block. */
  isMarked(block: number): boolean {
    return ((this.#blocks[block >>> 3] ?? 0) & (1 << (block & 7))) !== 0;
  }

  async #markTree(tree: TreeReference, signal: AbortSignal | undefined): Promise<void> {
    for (const { id } of tree.table) this.#markChunk(id);
    for (const { id, lengthBytes } of await readTopTable(this.#store.chunks, tree)) {
      throwIfInterrupted(signal, "looking for what images need");
      if (this.#segments.has(id)) continue;
      this.#markChunk(id);
      for (const entry of readSegment(await this.#store.chunks.readChunk(id, lengthBytes), `segment ${id}`))
        if (entry.kind === "file")
          for (const piece of entry.pieces) if (piece.kind === "chunk") this.#markChunk(piece.id);
      this.#segments.add(id);
    }
  }

  #markChunk(id: ChunkId): void {
    const block = this.#store.index.find(Buffer.from(id, "hex"))?.block;
    if (block === undefined) throw new ObjectMissingError(`chunk ${id}`);
    if (block >>> 3 >= this.#blocks.length) {
      const grown = new Uint8Array(Math.max(this.#blocks.length * 2, (block >>> 3) + 1));
      grown.set(this.#blocks);
      this.#blocks = grown;
    }
    this.#blocks[block >>> 3] = (this.#blocks[block >>> 3] ?? 0) | (1 << (block & 7));
  }
}

/** How much of a pack is needed. */
export interface PackUse {
  readonly pack: string;
  readonly storedBytes: number;
  readonly neededBytes: number;
  readonly neededBlocks: readonly number[];
}

/** Measures how much of each pack `marks` need. */
export function measurePackUse(store: ImageStore, marks: Reachability): PackUse[] {
  return [...store.index.packs().keys()].map((pack) => {
    const blocks = store.index.blocksOf(pack);
    const needed = blocks.filter(({ block }) => marks.isMarked(block));
    return {
      pack,
      storedBytes: blocks.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
      neededBytes: needed.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
      neededBlocks: needed.map(({ block }) => block),
    };
  });
}

import type { BlockLocation } from "../../../image/chunk-index/chunk-index.ts";
import { ObjectMissingError } from "../../../image/errors.ts";
import type { BlockEntry } from "../../../image/format/pack.ts";
import type { ImageStore } from "../../../image/store/image-store.ts";
import { readPackFooter } from "../../../image/store/pack-reader.ts";

/** Looks up blocks in the footers of their packs; blocks that are used together lie together mostly. */
export class FooterReader {
  readonly #store: ImageStore;
  readonly #packs = new Map<string, Map<number, BlockEntry>>();

  constructor(store: ImageStore) {
    this.#store = store;
  }

  async entryOf({ pack, offset }: BlockLocation): Promise<BlockEntry> {
    let blocks = this.#packs.get(pack);
    if (blocks === undefined) {
      const sizeBytes = this.#store.index.packs().get(pack)?.sizeBytes ?? 0;
      const footer = await readPackFooter(this.#store.blobs, pack, sizeBytes);
      blocks = new Map(footer.map((entry) => [entry.offset, entry]));
      if (this.#packs.size >= 16) this.#packs.clear();
      this.#packs.set(pack, blocks);
    }
    const entry = blocks.get(offset);
    if (entry === undefined) throw new ObjectMissingError(`a block of pack ${pack}`);
    return entry;
  }
}

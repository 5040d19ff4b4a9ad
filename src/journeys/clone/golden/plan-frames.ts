import type { Manifest, TreeReference } from "../../../core/manifest/manifest.ts";
import { treesOf } from "../../../core/manifest/trees.ts";
import type { BlockLocation } from "../../../image/chunk-index/chunk-index.ts";
import { ObjectMissingError } from "../../../image/errors.ts";
import type { BlockEntry } from "../../../image/format/pack.ts";
import { readSegment } from "../../../image/format/segment.ts";
import type { ImageStore } from "../../../image/store/image-store.ts";
import { readPackFooter } from "../../../image/store/pack-reader.ts";
import { readTopTable } from "../../../image/tree-index/tree-index-reader.ts";
import type { ImageId } from "../../../image/store/image-names.ts";
import { encodeIndexPart, type DirectoryEntry, type IndexItem } from "../wire/index-part.ts";

/** What a session sends, in the order of its frames: parts of the index, without signature, then blocks. */
export interface PlannedFrames {
  readonly indexParts: readonly Buffer[];
  readonly blocks: readonly BlockLocation[];
}

const partBytes = 512 * 1024;
const directoryBlocks = 512;

/**
 * Decides what is sent of an image: its index whole, then each block that its files and streams need, once, in the order of first use.
 *
 * The parts of the index are kept in memory: about 1 % of a tree of small files, far less of large ones.
 *
 * @throws {ObjectMissingError} @throws {ObjectDamagedError} @throws {FormatInvalidError}
 */
export async function planFrames(store: ImageStore, image: ImageId, manifest: Manifest): Promise<PlannedFrames> {
  const bytes = await store.blobs.get(`images/${image}`);
  if (bytes === undefined) throw new ObjectMissingError(`images/${image}`);
  const parts = new PartWriter();
  parts.add({ kind: "manifest", bytes });
  const blocks = new Map<number, BlockLocation>();
  for (const tree of treesOf(manifest)) await planTree(store, tree, parts, blocks);
  const ordered = [...blocks.values()];
  const footers = new FooterReader(store);
  for (let first = 0; first < ordered.length; first += directoryBlocks) {
    const entries: DirectoryEntry[] = [];
    for (const block of ordered.slice(first, first + directoryBlocks)) {
      const { codec, storedBytes, chunkIds, chunkLengths } = await footers.entryOf(block);
      entries.push({ codec, storedBytes, chunkIds, chunkLengths });
    }
    parts.add({ kind: "directory", blocks: entries });
  }
  return { indexParts: parts.end(), blocks: ordered };
}

/** Adds the index of a tree to `parts`, and the blocks that it needs to `blocks`. */
async function planTree(
  store: ImageStore,
  tree: TreeReference,
  parts: PartWriter,
  blocks: Map<number, BlockLocation>,
): Promise<void> {
  for (const { id, lengthBytes } of tree.table)
    parts.add({ kind: "chunk", bytes: await store.chunks.readChunk(id, lengthBytes) });
  for (const segment of await readTopTable(store.chunks, tree)) {
    const bytes = await store.chunks.readChunk(segment.id, segment.lengthBytes);
    parts.add({ kind: "chunk", bytes });
    for (const entry of readSegment(bytes, `segment ${segment.id}`)) {
      if (entry.kind !== "file") continue;
      for (const piece of entry.pieces) {
        if (piece.kind !== "chunk") continue;
        const { block } = store.chunks.locate(piece.id, piece.lengthBytes);
        if (!blocks.has(block)) blocks.set(block, store.chunks.block(block));
      }
    }
  }
}

/** Gathers items into parts. */
class PartWriter {
  readonly #parts: Buffer[] = [];
  #items: IndexItem[] = [];
  #bytes = 0;

  add(item: IndexItem): void {
    this.#items.push(item);
    this.#bytes += item.kind === "directory" ? item.blocks.length * 256 : item.bytes.length;
    if (this.#bytes >= partBytes) this.#close();
  }

  end(): readonly Buffer[] {
    if (this.#items.length > 0) this.#close();
    return this.#parts;
  }

  #close(): void {
    this.#parts.push(encodeIndexPart(this.#items));
    this.#items = [];
    this.#bytes = 0;
  }
}

/** Looks up blocks in the footers of their packs; blocks that are used together lie together mostly. */
class FooterReader {
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

import type { Manifest, TreeReference } from "../../../core/manifest/manifest.ts";
import { treesOf } from "../../../core/manifest/trees.ts";
import type { BlockLocation } from "../../../image/chunk-index/chunk-index.ts";
import { ObjectMissingError } from "../../../image/errors.ts";
import { readSegment } from "../../../image/format/segment.ts";
import type { ImageStore } from "../../../image/store/image-store.ts";
import { readTopTable } from "../../../image/tree-index/tree-index-reader.ts";
import type { ImageId } from "../../../image/store/image-names.ts";
import { FooterReader } from "./footer-reader.ts";
import { PartWriter } from "./part-writer.ts";

/** What a session sends, in the order of its frames: parts of the index, without signature, then blocks. */
export interface PlannedFrames {
  /** More are to come, and those that are here stay: it is of a system that is served while it is captured. */
  readonly isGrowing: boolean;
  readonly indexParts: readonly (Buffer | undefined)[];
  readonly blocks: readonly BlockLocation[];
  /** The frame of the first block. */
  readonly firstBlock: number;
  /** No frame has this number or a higher one. */
  readonly bound: number;
}

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
  for (const block of ordered) parts.addBlock(await footers.entryOf(block));
  const indexParts = parts.end();
  const firstBlock = indexParts.length;
  return { isGrowing: false, indexParts, blocks: ordered, firstBlock, bound: firstBlock + ordered.length };
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

import { RehomeError, throwIfInterrupted } from "../../core/errors.ts";
import type { Manifest, TreeReference } from "../../core/manifest/manifest.ts";
import { treesOf } from "../../core/manifest/trees.ts";
import type { ChunkIndex } from "../chunk-index/chunk-index.ts";
import { readSegment } from "../format/segment.ts";
import type { ChunkSource } from "../store/chunk-source.ts";
import { readTopTable } from "../tree-index/tree-index-reader.ts";

/**
 * The chunks that an image needs and the index does not have, or why its indexes cannot be followed. Segments in `sound` are not
 * followed again; those that lack nothing are added.
 */
export async function findMissing(
  chunks: ChunkSource,
  index: ChunkIndex,
  manifest: Manifest,
  sound: Set<string>,
  signal: AbortSignal | undefined,
): Promise<Set<string>> {
  const missing = new Set<string>();
  const has = (id: string): boolean => {
    const there = index.has(Buffer.from(id, "hex"));
    if (!there) missing.add(id);
    return there;
  };
  const follow = async (tree: TreeReference): Promise<void> => {
    if (!tree.table.every(({ id }) => has(id))) return;
    for (const { id, lengthBytes } of await readTopTable(chunks, tree)) {
      throwIfInterrupted(signal, "the check");
      if (sound.has(id) || !has(id)) continue;
      const before = missing.size;
      for (const entry of readSegment(await chunks.readChunk(id, lengthBytes), `segment ${id}`))
        if (entry.kind === "file") for (const piece of entry.pieces) if (piece.kind === "chunk") has(piece.id);
      if (missing.size === before) sound.add(id);
    }
  };
  for (const tree of treesOf(manifest))
    try {
      await follow(tree);
    } catch (error) {
      if (!(error instanceof RehomeError) || error.code === "INTERRUPTED") throw error;
      missing.add(error.message);
    }
  return missing;
}

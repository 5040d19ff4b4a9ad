import type { Manifest } from "../../core/manifest/manifest.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import type { Entry } from "../../core/tree/entry.ts";
import type { RestoreSource } from "../../image/store/chunk-source.ts";
import { readTree } from "../../image/tree-index/tree-index-reader.ts";
import { selectSubtree } from "./subtree.ts";

/** A tree that is written: what lies in it, in walk order, perhaps while it comes in. */
export interface RestoredTree {
  /** For progress alone. */
  readonly totals: { readonly bytes: number; readonly entries: number };
  entries(): AsyncIterable<Entry>;
}

/** The tree of an image, or of what lies at or below a path in it. */
export function treeOfImage(
  chunks: Pick<RestoreSource, "readChunk">,
  { tail: { tree, counts } }: Manifest,
  path: TreePath,
): RestoredTree {
  return { totals: counts, entries: () => (path === "" ? readTree(chunks, tree) : selectSubtree(chunks, tree, path)) };
}

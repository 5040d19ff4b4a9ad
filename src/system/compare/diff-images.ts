import type { TreeReference } from "../../core/manifest/manifest.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import type { Entry } from "../../core/tree/entry.ts";
import { compareInWalkOrder } from "../../core/tree/walk-order.ts";
import type { ChunkSource } from "../../image/store/chunk-source.ts";
import { readTree } from "../../image/tree-index/tree-index-reader.ts";
import { compareEntries, isLeftOut, type Difference } from "./difference.ts";

/** Joins two streams in walk order: pairs where both have a path, else one side. Reads both one entry ahead. */
export async function* joinInWalkOrder<
  A extends { readonly path: Entry["path"] },
  B extends { readonly path: Entry["path"] },
>(
  a: AsyncIterable<A>,
  b: AsyncIterable<B>,
): AsyncGenerator<readonly [A, B] | readonly [A, undefined] | readonly [undefined, B], void, undefined> {
  const left = a[Symbol.asyncIterator]();
  const right = b[Symbol.asyncIterator]();
  try {
    let [first, second] = [await left.next(), await right.next()];
    while (first.done !== true || second.done !== true) {
      const order =
        first.done === true ? 1 : second.done === true ? -1 : compareInWalkOrder(first.value.path, second.value.path);
      if (order === 0 && first.done !== true && second.done !== true) {
        yield [first.value, second.value];
        [first, second] = [await left.next(), await right.next()];
      } else if (order < 0 && first.done !== true) {
        yield [first.value, undefined];
        first = await left.next();
      } else if (second.done !== true) {
        yield [undefined, second.value];
        second = await right.next();
      }
    }
  } finally {
    await left.return?.(undefined);
    await right.return?.(undefined);
  }
}

/** An image to compare. `leftOut`: files that it has empty since their contents were left out. */
export interface ComparedImage {
  readonly chunks: ChunkSource;
  readonly tree: TreeReference;
  readonly leftOut: ReadonlySet<TreePath>;
}

/**
 * Lists where two images differ, in walk order. Nothing is read where their tree digests are equal; contents that one of them
 * left out are not compared.
 */
export async function* diffTrees(a: ComparedImage, b: ComparedImage): AsyncGenerator<Difference, void, undefined> {
  if (a.tree.digest === b.tree.digest) return;
  for await (const [before, after] of joinInWalkOrder(readTree(a.chunks, a.tree), readTree(b.chunks, b.tree))) {
    if (after === undefined) yield { path: before.path, change: "removed", aspects: [] };
    else if (before === undefined) yield { path: after.path, change: "added", aspects: [] };
    else {
      const isCompared = !isLeftOut(before, a.leftOut) && !isLeftOut(after, b.leftOut);
      const aspects = compareEntries(before, after).filter((aspect) => isCompared || aspect !== "content");
      if (aspects.length > 0) yield { path: after.path, change: "changed", aspects };
    }
  }
}

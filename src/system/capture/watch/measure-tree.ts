import { setImmediate } from "node:timers/promises";
import { throwIfInterrupted } from "../../../core/errors.ts";
import type { TreeReader } from "../../../core/tree/tree-reader.ts";
import { isTrouble, walkTree, type ChooseEntry } from "../../tree/walk.ts";

/** What a walk over a tree found; a capture may find something else. */
export interface TreeEstimate {
  readonly entries: number;
  readonly bytes: number;
}

const entriesPerTurn = 1024;

/** Measures a tree by walking it; reads no file. @throws {InterruptedError} */
export async function measureTree(
  tree: TreeReader,
  root: string,
  choose: ChooseEntry,
  signal?: AbortSignal,
): Promise<TreeEstimate> {
  let [entries, bytes] = [0, 0];
  for (const item of walkTree(tree, tree.openRoot(root), choose)) {
    if (++entries % entriesPerTurn === 0) {
      await setImmediate();
      throwIfInterrupted(signal, "the walk over the system");
    }
    if (isTrouble(item) || item.stat.kind !== "file") continue;
    // Of several names each counts its part; holes do not count.
    bytes += Math.min(item.stat.sizeBytes, item.stat.allocatedBytes) / item.stat.linkCount;
  }
  return { entries, bytes: Math.round(bytes) };
}

import type { TreeReader } from "../../../core/tree/tree-reader.ts";
import type { CapturePlan } from "../plan.ts";
import { lookAtTree } from "./look-at-tree.ts";

/** What a walk over a tree found; a capture may find something else. */
export interface TreeEstimate {
  readonly entries: number;
  readonly bytes: number;
}

/** Measures what a capture would take; reads no file. @throws {InterruptedError} */
export async function measureTree(tree: TreeReader, plan: CapturePlan, signal?: AbortSignal): Promise<TreeEstimate> {
  let [entries, bytes] = [0, 0];
  for await (const { kind, dataBytes } of lookAtTree(tree, plan, signal)) {
    entries += 1;
    if (kind === "file") bytes += dataBytes;
  }
  return { entries, bytes };
}

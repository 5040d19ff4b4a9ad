import { setImmediate } from "node:timers/promises";
import { throwIfInterrupted } from "../../../core/errors.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { InodeStat, TreeReader } from "../../../core/tree/tree-reader.ts";
import { isMade, walkWithAdditions } from "../additions/walk-with-additions.ts";
import { isTrouble } from "../../tree/walk.ts";
import type { CapturePlan } from "../plan.ts";
import { chooserOf } from "../selection/chooser-of.ts";

/** An entry that a capture would take, as a look at it tells. */
export interface SeenEntry {
  readonly path: TreePath;
  readonly kind: InodeStat["kind"];
  /** Of a file: at most its content, holes left out as far as they can be told; 0 for a further name of one. Of a symlink: its target. */
  readonly dataBytes: number;
}

const entriesPerTurn = 1024;
/** What lies in an inode has no blocks, nor has what the file system has not placed yet. */
const inodeBytes = 64 * 1024;

/** Walks over what a capture would take; reads no file. @throws {InterruptedError} */
export async function* lookAtTree(
  tree: TreeReader,
  plan: Pick<CapturePlan, "additions" | keyof Parameters<typeof chooserOf>[0]>,
  signal?: AbortSignal,
): AsyncGenerator<SeenEntry, void, undefined> {
  const rules = { choose: chooserOf(plan), additions: plan.additions ?? [], onHidden: () => undefined };
  const further = new Set<string>();
  let count = 0;
  for (const item of walkWithAdditions(tree, plan.root, rules, new Set())) {
    if (++count % entriesPerTurn === 0) {
      await setImmediate();
      throwIfInterrupted(signal, "the walk over the system");
    }
    if (isTrouble(item)) continue;
    if (isMade(item)) yield { path: item.path, kind: "directory", dataBytes: 0 };
    else {
      const { path, stat } = item;
      yield { path, kind: stat.kind, dataBytes: isFurtherName(stat, further) ? 0 : dataBytesOf(stat) };
    }
  }
}

function isFurtherName(
  { kind, linkCount, deviceMajor, deviceMinor, inoHigh, inoLow }: InodeStat,
  known: Set<string>,
): boolean {
  if (kind === "directory" || linkCount < 2) return false;
  const name = `${deviceMajor}:${deviceMinor}:${inoHigh}:${inoLow}`;
  const isKnown = known.has(name);
  known.add(name);
  return isKnown;
}

function dataBytesOf({ kind, sizeBytes, allocatedBytes }: InodeStat): number {
  if (kind === "symlink") return sizeBytes;
  return kind === "file" ? Math.min(sizeBytes, Math.max(allocatedBytes, inodeBytes)) : 0;
}

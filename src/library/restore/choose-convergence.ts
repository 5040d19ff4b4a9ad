import type { TreePath } from "../../core/tree/byte-string.ts";
import type { Entry } from "../../core/tree/entry.ts";
import { parentPath } from "../../core/tree/walk-order.ts";
import type { Difference } from "../../system/compare/difference.ts";
import { isTemporary } from "../../system/restore/files/file-writing.ts";
import type { Convergence } from "../../system/restore/run.ts";

const needsContent: ReadonlySet<string> = new Set(["kind", "content", "target", "device", "hard-link"]);

/** Decides what a tree that differs from an image needs to equal it. `removesExtra`: what only the tree has goes too. */
export function chooseConvergence(
  differences: readonly Difference[],
  { removesExtra }: { readonly removesExtra: boolean },
): Pick<Convergence, "choose" | "extra"> {
  const changed = new Map<TreePath, Difference>();
  const extra: TreePath[] = [];
  for (const difference of differences) {
    changed.set(difference.path, difference);
    if (difference.change === "added" && (removesExtra || isTemporary(difference.path))) extra.push(difference.path);
  }
  // Removing something moves the times of the directory it was in.
  const emptied = new Set(extra.map((path) => parentPath(path)));
  const isWritten = (difference: Difference | undefined): boolean =>
    difference?.change === "removed" || difference?.aspects.some((aspect) => needsContent.has(aspect)) === true;
  return {
    extra,
    choose: (entry: Entry) => {
      const difference = changed.get(entry.path);
      // Further names of what is written anew lead to the old one until they are made anew too.
      if (isWritten(difference) || (entry.kind === "link" && isWritten(changed.get(entry.target)))) return "write";
      return difference === undefined && !emptied.has(entry.path) ? "skip" : "metadata";
    },
  };
}

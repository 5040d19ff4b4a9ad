import { displayBytes, type TreePath } from "../../core/tree/byte-string.ts";
import { isAtOrBelow } from "../../core/tree/walk-order.ts";
import type { Difference } from "../../system/compare/difference.ts";
import { TargetDiffersError } from "../../system/restore/errors.ts";
import { ownNames } from "../../system/restore/run.ts";
import { isMounted } from "../../host/file-systems.ts";
import { isMountPoint } from "../../system/restore/stage.ts";
import { compareWithTree, isInMemory, type TreeComparisonOptions } from "../images/compare.ts";

/** What holding a target against an image found. `cached`: what was read may not have come from the device. */
export interface TargetCheck {
  readonly differences: readonly Difference[];
  readonly cached: boolean;
}

/** Holds the target of a restore against its image; what rehome or the file system itself put there does not count. */
export async function checkTarget(options: Omit<TreeComparisonOptions, "ignore">): Promise<TargetCheck> {
  const { root, fromDevice } = options;
  const differences: Difference[] = [];
  const ofFileSystem = isMountPoint(root) || isMounted(root);
  for await (const difference of compareWithTree({ ...options, ignore: ownNames }))
    if (!ofFileSystem || difference.change !== "added" || !isAtOrBelow(difference.path, lostAndFound))
      differences.push(difference);
  return { differences, cached: !fromDevice || isInMemory(root) };
}

/** What a file system brings with it at its mount point; not of the tree unless the image has it. */
const lostAndFound = "lost+found" as TreePath;

/** @throws {TargetDiffersError} If there are differences. */
export function assertEqual(differences: readonly Difference[], target: string): void {
  if (differences.length > 0)
    throw new TargetDiffersError(
      target,
      differences.map(({ path, change, aspects }) => ({ path: displayBytes(path), change, aspects })),
    );
}

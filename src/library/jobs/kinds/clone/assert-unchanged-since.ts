import { displayBytes } from "../../../../core/tree/byte-string.ts";
import { UndoRefusedError } from "../../../../engine/errors.ts";
import type { JobId } from "../../../../engine/job.ts";
import { linuxTreeReader } from "../../../../host/tree/linux-tree-reader.ts";
import { walkTree } from "../../../../system/tree/walk.ts";

/**
 * A copy that somebody has worked in since it took its place is not the job's to remove. There is no image on this node to hold it
 * against, but the kernel says when an inode was changed last; that of the root changes as it takes its place.
 *
 * @param sinceMs By the clock of this computer.
 * @throws {UndoRefusedError}
 */
export function assertUnchangedSince(job: JobId, root: string, sinceMs: number): void {
  const tree = linuxTreeReader();
  for (const entry of walkTree(tree, tree.openRoot(root), () => "take")) {
    if (!("stat" in entry) || entry.path === "") continue;
    const { ctimeSec, ctimeNsec } = entry.stat;
    if (ctimeSec * 1000 + ctimeNsec / 1e6 <= sinceMs) continue;
    throw new UndoRefusedError(
      job,
      `"${root}" was changed since, at "/${displayBytes(entry.path)}" for one`,
      `Bring away what is needed of "${root}", and remove it by hand.`,
    );
  }
}

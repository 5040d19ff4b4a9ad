import { existsSync } from "node:fs";
import { crashPoint } from "../../../../core/crash-points.ts";
import type { Checkpoint } from "../../../../engine/job-kind.ts";
import type { JobId } from "../../../../engine/job.ts";
import { detachedFile, removeMachineFile } from "../../../../host/machines/machine-files.ts";
import { removeMachineTree } from "../../../../host/machines/machine-trees.ts";
import { removeTree } from "../../../../host/tree/remove-tree.ts";
import { describeLoss } from "../../../../system/restore/describe-loss.ts";
import { newStagePath } from "../../../../system/restore/stage.ts";
import { restoreWithNotices } from "../../../restore/restore.ts";
import type { Paths } from "../../../settings/settings.ts";

/** An image that a machine's tree is made from. */
export interface TreeSource {
  /** `@ID`. */
  readonly image: string;
  readonly store: string;
  readonly paths: Paths;
  /** Leaves the manifest of a detached machine in the tree. */
  readonly keepsManifest: boolean;
}

/** Restores an image to `stage`, where nobody but its job sees it, and reads it back before it is said to be there. */
export function restoreTree(id: JobId, stage: string, { image, store, paths, keepsManifest }: TreeSource): Checkpoint {
  const inner = newStagePath(stage, id);
  const notices = {
    job: id,
    planned: () => Promise.resolve(),
    publishing: () => Promise.resolve(),
    backup: undefined,
    backingUp: () => Promise.resolve(),
    backedUp: () => Promise.resolve(),
  };
  return {
    name: "restore",
    title: `Restore ${image.slice(0, 13)} and read it back`,
    weight: 80,
    undo: "removes",
    async run({ onProgress, signal, log }) {
      // With nothing of the way left, an earlier run came to its end and died before it could say so.
      if (!existsSync(stage) || existsSync(inner)) {
        const options = { store, paths, verify: true, onProgress, signal };
        const { losses } = await restoreWithNotices(image, stage, options, notices);
        for (const loss of losses) log(describeLoss(loss));
      }
      if (!keepsManifest) removeMachineFile(stage, detachedFile);
      crashPoint("machine.restore.acted");
      return null;
    },
    async takeBack() {
      await removeTree(inner);
      await removeMachineTree(stage);
    },
  };
}

import { lstatSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { syncPath } from "../../host/replace-file.ts";
import { removeMachineTree } from "../../host/machines/machine-trees.ts";
import type { JobId } from "../../engine/job.ts";
import type { MachinePlaces } from "./places.ts";
import { namesIn } from "./records.ts";

/** Where the configuration of a machine is: files, and a directory of them. */
export function configurationPlaces({ settingsFile, dropInDirectory, autostartLink }: MachinePlaces): string[] {
  return [settingsFile, dropInDirectory, autostartLink];
}

/** Gives what lies at a path another one of the same file system, durably; does nothing where there is nothing. */
export function moveIfThere(from: string, to: string): void {
  if (lstatSync(from, { throwIfNoEntry: false }) === undefined) return;
  renameSync(from, to);
  for (const directory of new Set([dirname(to), dirname(from)])) syncPath(directory);
}

/** What is to be removed lies here meanwhile: beside where it was, under a name that nobody looks for. */
export function asideOf(path: string, job: JobId): string {
  return join(dirname(path), `.#rehome-removed-${job}-${basename(path)}`);
}

/** Removes what this job, or one that never ended, has set aside of what lay at a path: one tree, or a directory that holds trees. */
export async function removeAsides(path: string, holdsTrees: boolean): Promise<void> {
  const name = basename(path);
  for (const found of namesIn(dirname(path))) {
    if (!/^\.#rehome-removed-[0-9a-f]{8}-/.test(found) || found.slice(".#rehome-removed-12345678-".length) !== name)
      continue;
    const aside = join(dirname(path), found);
    for (const tree of holdsTrees ? namesIn(aside) : []) await removeMachineTree(join(aside, tree));
    await removeMachineTree(aside);
  }
}

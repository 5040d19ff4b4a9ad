import { setImmediate } from "node:timers/promises";
import { throwIfInterrupted } from "../../../core/errors.ts";
import type { SecretKind } from "../../../core/manifest/manifest.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { InodeStat, TreeReader } from "../../../core/tree/tree-reader.ts";
import { isTrouble, walkTree, type ChooseEntry } from "../../tree/walk.ts";
import { recognisePaths } from "./recognise-path.ts";

/** A regular file that is known by its path to hold secrets. */
export interface SecretPath {
  readonly path: TreePath;
  readonly kind: SecretKind;
  readonly stat: InodeStat;
}

const entriesPerTurn = 4096;

/** Finds the files of a tree that are known by their paths to hold secrets, in walk order. Reads no file. */
export async function* findSecretPaths(
  tree: TreeReader,
  root: string,
  choose: ChooseEntry,
  signal?: AbortSignal,
): AsyncGenerator<SecretPath, void, undefined> {
  const recognise = recognisePaths();
  let count = 0;
  for (const item of walkTree(tree, tree.openRoot(root), choose)) {
    if (++count % entriesPerTurn === 0) {
      await setImmediate();
      throwIfInterrupted(signal, "the search for secrets");
    }
    if (isTrouble(item) || item.stat.kind !== "file") continue;
    const kind = recognise(item.parentPath, item.name);
    if (kind !== undefined) yield { path: item.path, kind, stat: item.stat };
  }
}

/**
 * What the inodes are known to hold that have a secret path and further names: under which of their names a walk meets them
 * first is chance. The keys are those of {@link inodeKey}.
 */
export async function findSharedSecrets(found: AsyncIterable<SecretPath>): Promise<ReadonlyMap<string, SecretKind>> {
  const shared = new Map<string, SecretKind>();
  for await (const { kind, stat } of found) if (stat.linkCount > 1) shared.set(inodeKey(stat), kind);
  return shared;
}

/** Names an inode of this host. */
export function inodeKey({ deviceMajor, deviceMinor, inoHigh, inoLow }: InodeStat): string {
  return `${deviceMajor}:${deviceMinor}:${inoHigh}:${inoLow}`;
}

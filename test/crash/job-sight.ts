import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import type { JobRecord } from "../../src/engine/job.ts";
import { checkStore, listImages, showImage, type Paths } from "../../src/index.ts";
import { snapshotTree, type SnapshotEntry } from "../support/snapshot.ts";

/** Where a job works: a host of its own, a tree to capture and a directory to restore into. */
export interface Scene {
  readonly paths: Paths;
  readonly tree: string;
  readonly target: string;
}

/** What counts of a scene, whenever it was. */
export interface Sight {
  readonly names: readonly string[];
  readonly digests: readonly string[];
  /** What what else is asked says. */
  readonly more: unknown;
  readonly tree: readonly SnapshotEntry[];
  readonly target: readonly SnapshotEntry[] | undefined;
  /** What lies beside tree and target. */
  readonly beside: readonly string[];
}

/** Looks at a scene; the store must be whole. */
export async function look(scene: Scene, more: ((scene: Scene) => Promise<unknown>) | undefined): Promise<Sight> {
  const { paths, tree, target } = scene;
  const isThere = existsSync(join(paths.store, "store.json"));
  const names = isThere ? await listImages({ paths }) : [];
  if (isThere) assert.deepEqual((await checkStore({ paths })).damages, []);
  const digests: string[] = [];
  for (const { image } of names) digests.push((await showImage(`@${image}`, { paths })).manifest.tail.tree.digest);
  return {
    names: names.map(({ name, tag, files, bytes }) => `${name}:${tag} ${files} ${bytes}`),
    digests,
    more: await more?.(scene),
    tree: snapshotTree(tree),
    target: existsSync(target) ? snapshotTree(target).filter(({ path }) => path !== "lost+found") : undefined,
    beside: readdirSync(join(tree, "..")),
  };
}

/** A finished job leaves its evidence and nothing that it needed on the way. */
export function assertTidy({ paths, target }: Scene, job: JobRecord, diedDone: boolean): void {
  const directory = join(paths.stateDirectory, "jobs", job.id);
  const evidence = JSON.parse(readFileSync(join(directory, "evidence.json"), "utf8")) as { readonly job: JobRecord };
  assert.equal(evidence.job.state, "done");
  assert.deepEqual(evidence.job.result, job.result);
  // Nobody runs it any more, so nobody reads how far it was.
  const left = readdirSync(directory).filter((name) => !diedDone || name !== "progress.json");
  assert.deepEqual(left.toSorted(), ["evidence.json", "lock", "log"]);
  const within = existsSync(target) ? readdirSync(target).filter((name) => name.startsWith(".rehome")) : [];
  assert.deepEqual(within, []);
}

/** Brings a mount point to where it was when it was made. */
export function emptyMount(path: string): void {
  for (const name of readdirSync(path)) if (name !== "lost+found") rmSync(join(path, name), { recursive: true });
  chmodSync(path, 0o755);
  utimesSync(path, 1_600_000_000, 1_600_000_000);
}

import { isDeepStrictEqual } from "node:util";
import { lstatSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UsageError } from "../../core/errors.ts";
import type { Consistency } from "../../core/manifest/manifest.ts";
import { readMachineFile, removeMachineFile, writeMachineFile } from "../../host/machines/machine-files.ts";
import { copyMachineTree, moveMachineTree, removeMachineTree } from "../../host/machines/machine-trees.ts";
import type { DetachedManifest } from "../../journeys/machine/detached/detached-manifest.ts";
import {
  formatDetached,
  machineNamePattern,
  maxManifestBytes,
  parseDetached,
} from "../../journeys/machine/detached/parse-detached.ts";
import type { Paths } from "../settings/settings.ts";
import { MachineUnsuitableError } from "./errors.ts";
import { machinePlaces } from "./places.ts";

/** The manifest that a snapshot carries. */
const snapshotFile = "snapshot.json";

/** Where a snapshot of a machine is: a path, or a name for one that rehome keeps beside the machines. @throws {UsageError} */
export function snapshotPlace(paths: Paths, machine: string, snapshot: string): string {
  if (snapshot.includes("/")) return resolve(snapshot);
  if (machineNamePattern.test(snapshot)) return join(machinePlaces(paths, machine).snapshotsDirectory, snapshot);
  throw new UsageError(
    `cannot use the snapshot "${snapshot}": it is no name of one`,
    "Use letters, digits, `.`, `_` and `-`, at most 64; or a path.",
  );
}

/**
 * The manifest of a snapshot that `machine`, described as it is now, can be cloned from; undefined where there is none yet.
 *
 * @throws {MachineUnsuitableError} If it is of something else, or the machine or this host's software has gone on since.
 */
export function readSnapshot(place: string, machine: DetachedManifest): DetachedManifest | undefined {
  const stat = lstatSync(place, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const text = stat.isDirectory() ? readMachineFile(place, snapshotFile, maxManifestBytes) : undefined;
  if (text === undefined) throw foreign(place, "it was not taken by `rehome machine clone`");
  const found = parseDetached(text, join(place, ".rehome", snapshotFile));
  if (found.machine.uuid !== machine.machine.uuid) throw foreign(place, `it is of ${found.machine.name}`);
  const what = found.machine.epoch === machine.machine.epoch ? "the software of this host" : "the machine's ownership";
  if (found.machine.epoch !== machine.machine.epoch || !isDeepStrictEqual(found.software, machine.software))
    throw new MachineUnsuitableError(
      `cannot clone from ${place}: it is out-dated, ${what} has changed since ${found.detachedAt}`,
      "Take another: name one that does not exist yet.",
    );
  return found;
}

/** Takes a snapshot, which carries its manifest; durable on return, and there as a whole or not at all. */
export async function takeSnapshot(
  machine: string,
  place: string,
  manifest: DetachedManifest,
  options: {
    /** Where it is made until it takes its place. */
    readonly stage: string;
    readonly isLive: boolean;
    readonly consistencyOf: (way: "snapshot" | "copy") => Consistency;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
  await removeMachineTree(options.stage);
  const way = await copyMachineTree(machine, options.stage, options);
  const consistency = options.consistencyOf(way);
  writeMachineFile(
    options.stage,
    snapshotFile,
    formatDetached({ ...manifest, machine: { ...manifest.machine, consistency } }),
  );
  moveMachineTree(options.stage, place);
}

/** Takes the manifest of a snapshot out of what was copied of it. */
export function removeSnapshotManifest(directory: string): void {
  removeMachineFile(directory, snapshotFile);
}

function foreign(place: string, why: string): MachineUnsuitableError {
  return new MachineUnsuitableError(
    `cannot clone from ${place}: ${why}`,
    "Name a snapshot of this machine, or one that does not exist yet.",
  );
}

import { randomBytes } from "node:crypto";
import { lstatSync } from "node:fs";
import { crashPoint } from "../../../../../core/crash-points.ts";
import type { Consistency } from "../../../../../core/manifest/manifest.ts";
import type { Checkpoint, JobKind } from "../../../../../engine/job-kind.ts";
import type { JobId } from "../../../../../engine/job.ts";
import {
  canSnapshot,
  copyMachineTree,
  removeMachineTree,
  type CopyWay,
} from "../../../../../host/machines/machine-trees.ts";
import { isMachineRunning } from "../../../../../host/machines/running.ts";
import type {
  DetachedManifest,
  MachineConfiguration,
} from "../../../../../journeys/machine/detached/detached-manifest.ts";
import { applyChanges } from "../../../../../journeys/machine/settings/apply-changes.ts";
import { cloneSettings } from "../../../../../journeys/machine/settings/clone-settings.ts";
import type { MachineRecord } from "../../../../../journeys/machine/states/machine-record.ts";
import type { MachineState } from "../../../../../journeys/machine/states/machine-state.ts";
import { assertOwned, recordAttached } from "../../../../../journeys/machine/states/ownership.ts";
import { assertNotBlocked } from "../../../../../system/prepare/plan.ts";
import { readConfigurationOf } from "../../../../machines/configuration-files.ts";
import { describeDetached } from "../../../../machines/describe-detached.ts";
import { MachineUnsuitableError } from "../../../../machines/errors.ts";
import { guardMachine, guardState, lockMachine } from "../../../../machines/guards.ts";
import { machinePlaces } from "../../../../machines/places.ts";
import { knownSiteId, readRecord, siteId } from "../../../../machines/records.ts";
import { readSnapshot, removeSnapshotManifest, snapshotPlace, takeSnapshot } from "../../../../machines/snapshots.ts";
import { planPrepareOf } from "../../../../prepare/prepare.ts";
import { choosePaths, type Paths } from "../../../../settings/settings.ts";
import { fromJson, toJson } from "../../../json.ts";
import { runAsJob, type JobOptions } from "../../../run-as-job.ts";
import { lockedCheckpoint } from "../machine-checkpoints.ts";
import { machineHooks } from "../machine-hooks.ts";
import {
  assertMachineName,
  assertNameFree,
  configure,
  hostnameOf,
  identityOperations,
  own,
  publishTree,
  reserveName,
  resetIdentity,
  stageOf,
  type NewMachine,
} from "./new-machine-checkpoints.ts";

/** How a machine is to be cloned. */
export interface CloneMachineOptions extends JobOptions {
  /** A snapshot to clone from: its name, or a path. One that is not there yet is taken, and kept. */
  readonly snapshot?: string;
  /** The source may run. */
  readonly isLive?: boolean;
  /** Whether the clone's identity is made `now` (the default), or by itself when it starts. */
  readonly fresh?: "now" | "first-boot";
  /** `SECTION.KEY=VALUE` or `net.N.physical=DEVICE`. */
  readonly changes?: readonly string[];
}

/** A clone before it is made. */
export interface PlannedClone {
  readonly source: string;
  readonly name: string;
  readonly uuid: string;
  /** Where its files come from: the source's directory, or a snapshot. */
  readonly from: string;
  /** The snapshot is taken first. */
  readonly takesSnapshot: boolean;
  /** How the files are to be copied; `snapshot` becomes `copy` where the file system refuses it. */
  readonly way: CopyWay;
  /** What the clone shows of its source. */
  readonly consistency: Consistency;
  readonly configuration: MachineConfiguration;
}

interface CloneParameters {
  readonly source: string;
  readonly name: string;
  readonly paths: Paths;
  readonly isLive: boolean;
  readonly fresh: "now" | "first-boot";
  readonly hostname: string;
}

interface ClonePlan extends Omit<PlannedClone, "source" | "name"> {
  readonly site: string;
  /** What a snapshot is to carry. */
  readonly manifest?: DetachedManifest;
}

/** How the copy came out. */
interface Copied {
  readonly way: CopyWay;
  readonly consistency: Consistency;
}

/** The cloning of a machine as a job: until it is done the clone is incomplete, and undo removes it. */
export const cloneMachineKind: JobKind = {
  kind: "machine-clone",
  planVersion: 1,
  checkpoints: ({ id, parameters, plan }) => cloneCheckpoints(id, fromJson(parameters), fromJson(plan)),
  insteadOfUndo: () => "Remove the clone with `rehome machine remove`.",
  remains: ({ id, parameters }) => [stageOf(fromJson<CloneParameters>(parameters).paths, id)],
};

/**
 * Decides how a machine would be cloned. Changes nothing.
 *
 * @throws {MachineStateError} @throws {MachineUnsuitableError} @throws {NotOwnerError} @throws {UsageError} @throws {TreeUnsuitableError}
 */
export async function planCloneMachine(
  source: string,
  name: string,
  options: CloneMachineOptions = {},
): Promise<PlannedClone & { readonly manifest: DetachedManifest }> {
  const { paths = choosePaths(), isLive = false, fresh = "now" } = options;
  assertMachineName("clone to", name);
  const { path } = guardMachine(paths, source, "clone", permitted(isLive || options.snapshot !== undefined));
  assertOwned("clone", readRecord(paths, source), knownSiteId(paths) ?? "");
  assertNameFree(paths, name);
  const place = options.snapshot === undefined ? undefined : snapshotPlace(paths, source, options.snapshot);
  const manifest = await describeDetached(paths, source, options);
  const kept = place === undefined ? undefined : readSnapshot(place, manifest);
  if (kept === undefined) guardMachine(paths, source, "clone", permitted(isLive));
  const from = place ?? path;
  const way = canSnapshot(kept === undefined ? path : from) ? "snapshot" : "copy";
  const preparation = {
    paths,
    identity: "reset",
    fresh,
    hostname: hostnameOf(name),
    only: identityOperations,
  } as const;
  assertNotBlocked(await planPrepareOf(kept === undefined ? path : from, preparation));
  const configuration = readConfigurationOf(paths, source);
  return {
    source,
    name,
    uuid: randomBytes(16).toString("hex"),
    from,
    takesSnapshot: place !== undefined && kept === undefined,
    way,
    consistency: kept?.machine.consistency ?? consistencyOf(way, isMachineRunning(path, source)),
    configuration: {
      ...configuration,
      nspawn: applyChanges(cloneSettings(configuration.nspawn), options.changes ?? []),
      autostart: false,
    },
    manifest,
  };
}

/** Clones a machine. @throws As {@link planCloneMachine}, and {JobPausedError} */
export async function cloneMachineAsJob(
  source: string,
  name: string,
  options: CloneMachineOptions = {},
): Promise<PlannedClone> {
  const { paths = choosePaths(), isLive = false, fresh = "now" } = options;
  const { manifest, source: _source, name: _name, ...planned } = await planCloneMachine(source, name, options);
  const plan: ClonePlan = { ...planned, site: siteId(paths), ...(planned.takesSnapshot && { manifest }) };
  const parameters: CloneParameters = { source, name, paths, isLive, fresh, hostname: hostnameOf(name) };
  const order = { title: `clone ${source} as ${name}`, parameters: toJson(parameters), plan: toJson(plan) };
  const { checkpoints } = await runAsJob(cloneMachineKind, order, { ...options, paths });
  const copied = fromJson<Copied>(checkpoints.find((one) => one.name === copyName)?.result ?? null);
  return { ...planned, source, name, ...copied };
}

const copyName = "copy-tree";

function cloneCheckpoints(
  id: JobId,
  { source, name, paths, isLive, fresh, hostname }: CloneParameters,
  plan: ClonePlan,
): Checkpoint[] {
  const { uuid, from, takesSnapshot, configuration, site, manifest } = plan;
  const stage = stageOf(paths, id);
  const { directory } = machinePlaces(paths, source);
  const known: MachineRecord = { name, uuid, epoch: 0, clonedFrom: source };
  const locked = lockedCheckpoint(() => lockMachine(paths, name, "clone"));
  const made: NewMachine = { paths, name, known, before: null, locked };
  const hooks = machineHooks(paths, {
    name,
    operation: "clone",
    before: null,
    known,
    variables: { REHOME_SOURCE: source },
  });
  /** Copies from the machine itself, which nobody else may touch meanwhile. */
  const fromMachine = async <Result>(copy: (isRunning: boolean) => Promise<Result>): Promise<Result> => {
    using _source = lockMachine(paths, source, "clone");
    guardState(paths, source, "clone", permitted(isLive));
    assertOwned("clone", readRecord(paths, source), site);
    const result = await copy(isMachineRunning(directory, source));
    // Whoever started it meanwhile has changed what was copied.
    guardState(paths, source, "clone", permitted(isLive));
    return result;
  };
  const keepSnapshot: Checkpoint = {
    name: "take-snapshot",
    title: `Take the snapshot ${from} of ${source}`,
    weight: 20,
    undo: "removes",
    async run({ signal, cursor, saveCursor }) {
      const isThere = lstatSync(from, { throwIfNoEntry: false }) !== undefined;
      if (isThere && cursor !== null) return null;
      if (isThere)
        throw new MachineUnsuitableError(
          `cannot take the snapshot ${from}: it has come to be there meanwhile`,
          "Take the job back, then clone again.",
        );
      await saveCursor({ isOurs: true });
      await fromMachine(async (isRunning) =>
        takeSnapshot(directory, from, manifest as DetachedManifest, {
          stage,
          isLive: isRunning,
          consistencyOf: (way) => consistencyOf(way, isRunning),
          signal,
        }),
      );
      crashPoint("machine.take-snapshot.acted");
      return null;
    },
    async takeBack({ cursor }) {
      await removeMachineTree(stage);
      if (cursor !== null) await removeMachineTree(from);
    },
  };
  const copy: Checkpoint = {
    name: copyName,
    title: `Copy the files of ${source}`,
    weight: 80,
    undo: "removes",
    async run({ signal }) {
      await removeMachineTree(stage);
      const copied = await (from === directory
        ? fromMachine(async (isRunning) => {
            const way = await copyMachineTree(directory, stage, { isLive: isRunning, signal });
            return { way, consistency: consistencyOf(way, isRunning) };
          })
        : copySnapshot(signal));
      crashPoint("machine.copy-tree.acted");
      return toJson(copied satisfies Copied);
    },
    takeBack: () => removeMachineTree(stage),
  };
  const copySnapshot = async (signal: AbortSignal): Promise<Copied> => {
    const now = manifest ?? (await describeDetached(paths, source, { signal }));
    const consistency = readSnapshot(from, now)?.machine.consistency ?? "fuzzy";
    const way = await copyMachineTree(from, stage, { isLive: false, signal });
    removeSnapshotManifest(stage);
    return { way, consistency };
  };
  return [
    hooks.before,
    reserveName(made),
    ...(takesSnapshot ? [keepSnapshot] : []),
    copy,
    resetIdentity(stage, { paths, fresh, hostname }),
    publishTree(made, stage),
    configure(made, configuration),
    ...own(made, ({ results }) => {
      const { consistency } = fromJson<Copied>(results.get(copyName) ?? null);
      return { ...recordAttached(known, site), clonedFrom: source, consistency };
    }),
    hooks.after,
  ];
}

/** What can be said of a copy: all of one instant, flushed where nobody wrote. */
function consistencyOf(way: CopyWay, isRunning: boolean): Consistency {
  if (!isRunning) return "filesystem";
  return way === "snapshot" ? "crash" : "fuzzy";
}

/** States from which it is cloned beside `installed`. */
function permitted(isLive: boolean): readonly MachineState[] {
  return isLive ? ["running"] : [];
}

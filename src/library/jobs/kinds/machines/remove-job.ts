import { rmSync } from "node:fs";
import { crashPoint } from "../../../../core/crash-points.ts";
import type { Checkpoint, JobKind } from "../../../../engine/job-kind.ts";
import type { JobId } from "../../../../engine/job.ts";
import { treeLock } from "../../../../host/machines/running.ts";
import type { MachineRecord } from "../../../../journeys/machine/states/machine-record.ts";
import { isTakenOver } from "../../../../journeys/machine/states/owner-stamp.ts";
import { MachineUnsuitableError } from "../../../machines/errors.ts";
import { lockMachine } from "../../../machines/guards.ts";
import { readStamp } from "../../../machines/owner-stamp.ts";
import { machinePlaces } from "../../../machines/places.ts";
import { namesIn, removeRecord } from "../../../machines/records.ts";
import { asideOf, configurationPlaces, moveIfThere, removeAsides } from "../../../machines/set-aside.ts";
import type { Paths } from "../../../settings/settings.ts";
import { fromJson } from "../../json.ts";
import { lockedCheckpoint, markIncomplete } from "./machine-checkpoints.ts";
import { machineHooks } from "./machine-hooks.ts";
import { changeMachine, lookBefore, type ChangeOptions, type MachineChange } from "./machine-change.ts";

/** How a machine is to be removed. */
export interface RemoveMachineOptions extends ChangeOptions {
  /** Leaves its directory and its snapshots as they are. */
  readonly keepData?: boolean;
}

interface RemoveParameters {
  readonly name: string;
  readonly paths: Paths;
  readonly keepData: boolean;
}

interface RemovePlan {
  readonly before: MachineRecord | null;
  readonly known: MachineRecord;
  /** Of the machine, what is removed: its directory and its snapshots unless they are kept, and its configuration. */
  readonly doomed: readonly string[];
  readonly directory: string;
  readonly snapshotsDirectory: string;
  /** The names of its snapshots, for people; which there are once it runs are removed. */
  readonly snapshots: readonly string[];
}

/** The removal of a machine as a job: all of it is set aside first, so that undo brings it back until the first file goes. */
export const removeMachineKind: JobKind = {
  kind: "machine-remove",
  planVersion: 2,
  checkpoints: ({ id, parameters, plan }) => removeCheckpoints(id, fromJson(parameters), fromJson(plan)),
  insteadOfUndo: () => "Its files are gone: make it again with `rehome machine create`, or restore an image of it.",
};

/**
 * Removes a machine: its directory, its snapshots, its configuration and what is on record of it.
 *
 * @throws {MachineStateError} If it runs. @throws {MachineUnsuitableError} If its directory is another site's.
 */
export async function removeMachineAsJob(name: string, options: RemoveMachineOptions = {}): Promise<MachineChange> {
  const { keepData = false } = options;
  const { paths, site, machine, before, known } = lookBefore(name, "remove", options);
  if (!keepData && machine.hasTree) assertOwnFiles(machine.path, known, before === null ? undefined : before, site);
  const places = machinePlaces(paths, name);
  const { directory, snapshotsDirectory } = places;
  const doomed = [...(keepData ? [] : [directory, snapshotsDirectory]), ...configurationPlaces(places)];
  const snapshots = keepData ? [] : namesIn(snapshotsDirectory).toSorted();
  const parameters: RemoveParameters = { name, paths, keepData };
  const plan: RemovePlan = { before, known, doomed, directory, snapshotsDirectory, snapshots };
  const title = `remove ${name}${keepData ? ", but not its files" : ""}`;
  return await changeMachine(removeMachineKind, { operation: "remove", title, parameters, plan, name }, options);
}

/** Files on shared storage that another site has taken are not this one's to remove. */
function assertOwnFiles(
  directory: string,
  { name }: MachineRecord,
  record: MachineRecord | undefined,
  site: string,
): void {
  const stamp = readStamp(directory);
  if (!isTakenOver(stamp, record, site)) return;
  throw new MachineUnsuitableError(
    `cannot remove ${name}: its directory ${directory} says that it belongs to ${stamp?.host ?? "another site"}`,
    `Forget it here and leave its files: rehome machine remove ${name} --keep-data`,
  );
}

function removeCheckpoints(
  id: JobId,
  { name, paths, keepData }: RemoveParameters,
  { before, known, doomed, directory, snapshotsDirectory, snapshots }: RemovePlan,
): Checkpoint[] {
  const locked = lockedCheckpoint(() => lockMachine(paths, name, "remove"));
  const hooks = machineHooks(paths, { name, operation: "remove", before, known });
  const named = snapshots.length === 0 ? "" : `, its snapshots (${snapshots.join(", ")})`;
  return [
    hooks.before,
    markIncomplete(paths, { name, operation: "remove", before, known, locked }),
    locked({
      name: "set-aside",
      title: `Set ${keepData ? "" : `${directory}${named} and `}the configuration of ${name} aside`,
      weight: 1,
      undo: "puts back",
      act() {
        for (const path of doomed) moveIfThere(path, asideOf(path, id));
      },
      takeBack() {
        for (const path of doomed) moveIfThere(asideOf(path, id), path);
      },
    }),
    {
      name: "remove-files",
      title: keepData ? `Remove the configuration of ${name}` : `Remove all files of ${name}`,
      weight: 8,
      undo: "none",
      async run() {
        using _lock = lockMachine(paths, name, "remove");
        for (const path of doomed) await removeAsides(path, path === snapshotsDirectory);
        if (!keepData) rmSync(treeLock(directory), { force: true });
        crashPoint("machine.remove-files.acted");
        return null;
      },
    },
    {
      name: "forget-record",
      title: `Forget ${name}`,
      weight: 1,
      undo: "none",
      async run() {
        using _lock = lockMachine(paths, name, "remove");
        removeRecord(paths, name);
        crashPoint("machine.forget-record.acted");
        return await Promise.resolve(null);
      },
    },
    hooks.after,
  ];
}

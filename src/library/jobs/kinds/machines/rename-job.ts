import { join } from "node:path";
import { UsageError } from "../../../../core/errors.ts";
import type { Checkpoint, JobKind } from "../../../../engine/job-kind.ts";
import { machineNamePattern } from "../../../../journeys/machine/detached/parse-detached.ts";
import type { MachineRecord } from "../../../../journeys/machine/states/machine-record.ts";
import { MachineUnsuitableError } from "../../../machines/errors.ts";
import { lockMachine } from "../../../machines/guards.ts";
import { describeMachine } from "../../../machines/list-machines.ts";
import { machinePlaces } from "../../../machines/places.ts";
import { namesIn, readRecord, removeRecord, writeRecord } from "../../../machines/records.ts";
import { configurationPlaces, moveIfThere } from "../../../machines/set-aside.ts";
import type { Paths } from "../../../settings/settings.ts";
import { fromJson } from "../../json.ts";
import { assertAsLeft, lockedCheckpoint, markIncomplete, restoreRecord } from "./machine-checkpoints.ts";
import { machineHooks } from "./machine-hooks.ts";
import { changeMachine, lookBefore, type ChangeOptions, type MachineChange } from "./machine-change.ts";

interface RenameParameters {
  readonly name: string;
  readonly newName: string;
  readonly paths: Paths;
}

interface RenamePlan {
  readonly before: MachineRecord | null;
  readonly known: MachineRecord;
  /** What is on record of it under its new name; null where nothing was on record of what has no files here. */
  readonly after: MachineRecord | null;
  /** Its directory is not where machines usually are. */
  readonly isRelocated: boolean;
}

/** The renaming of a machine as a job: meanwhile it is incomplete under both names, and undo gives it back the old one. */
export const renameKind: JobKind = {
  kind: "machine-rename",
  planVersion: 1,
  checkpoints: ({ parameters, plan }) => renameCheckpoints(fromJson(parameters), fromJson(plan)),
  insteadOfUndo: () => "Rename the machine back with `rehome machine rename`.",
};

/**
 * Gives a machine another name: its directory where that has its name, its snapshots, settings, drop-ins and record. What the machine
 * calls itself inside stays.
 *
 * @throws {UsageError} @throws {MachineStateError} @throws {MachineUnsuitableError} If the new name is in use.
 */
export async function renameMachineAsJob(
  name: string,
  newName: string,
  options: ChangeOptions = {},
): Promise<MachineChange> {
  if (!machineNamePattern.test(newName))
    throw new UsageError(
      `cannot rename ${name} to "${newName}": it is no name of a machine`,
      "Use letters, digits, `.`, `_` and `-`, at most 64.",
    );
  const { paths, machine, before, known } = lookBefore(name, "rename", options);
  assertFree(paths, name, newName);
  const isKept = before !== null || machine.state === "installed";
  const { movedTo: _movedTo, ...record } = known;
  const isRelocated = machine.path !== join(paths.machinesDirectory, name);
  const plan: RenamePlan = { before, known, after: isKept ? { ...record, name: newName } : null, isRelocated };
  const parameters: RenameParameters = { name, newName, paths };
  const title = `rename ${name} to ${newName}`;
  return await changeMachine(renameKind, { operation: "rename", title, parameters, plan, name: newName }, options);
}

/** @throws {UsageError} @throws {MachineUnsuitableError} */
function assertFree(paths: Paths, name: string, newName: string): void {
  if (name === newName)
    throw new UsageError(`cannot rename ${name} to "${newName}": it is called so`, "Name another one.");
  const existing = describeMachine(paths, newName, readRecord(paths, newName));
  if (existing !== undefined)
    throw new MachineUnsuitableError(
      `cannot rename ${name}: a machine called ${newName} is ${existing.state} here`,
      `Choose another name, or rehome machine remove ${newName}`,
    );
  const { snapshotsDirectory } = machinePlaces(paths, newName);
  if (namesIn(snapshotsDirectory).length > 0)
    throw new MachineUnsuitableError(
      `cannot rename ${name}: ${snapshotsDirectory} holds snapshots of another machine that was called ${newName}`,
      `Choose another name, or remove them: rm -r ${snapshotsDirectory}`,
    );
}

function renameCheckpoints(
  { name, newName, paths }: RenameParameters,
  { before, known, after, isRelocated }: RenamePlan,
): Checkpoint[] {
  const locked = lockedCheckpoint(() => lockBoth(paths, name, newName));
  const hooks = machineHooks(paths, { name, nameAfter: newName, operation: "rename", before, known });
  const marked: MachineRecord = { ...known, name: newName, mark: "incomplete" };
  const mark = markIncomplete(paths, { name, operation: "rename", before, known, locked });
  return [
    hooks.before,
    mark,
    locked({
      name: "take-name",
      title: `Take the name ${newName}`,
      weight: 1,
      undo: "removes",
      act() {
        // Nothing but what an earlier run of this left may be there.
        if (readRecord(paths, newName)?.uuid !== known.uuid) assertFree(paths, name, newName);
        writeRecord(paths, marked);
      },
      takeBack: () => removeRecord(paths, newName),
    }),
    locked({
      name: "move",
      title: `Give its directory, snapshots, settings and drop-ins the name ${newName}`,
      weight: 1,
      undo: "puts back",
      act: () => moveAll(paths, name, newName, isRelocated),
      takeBack: () => moveAll(paths, newName, name, isRelocated),
    }),
    locked({
      name: "put-record",
      title: `Keep ${newName} on record in its place`,
      weight: 1,
      undo: "puts back",
      act() {
        removeRecord(paths, name);
        restoreRecord(paths, newName, after);
      },
      takeBack() {
        assertAsLeft(paths, newName, after, "take back the renaming of");
        writeRecord(paths, { ...known, mark: "incomplete" });
        writeRecord(paths, marked);
      },
    }),
    hooks.after,
  ];
}

/** A directory that was relocated keeps its name; the drop-in that names it goes along, and so do its snapshots. */
function moveAll({ machinesDirectory, ...paths }: Paths, from: string, to: string, isRelocated: boolean): void {
  if (!isRelocated) moveIfThere(join(machinesDirectory, from), join(machinesDirectory, to));
  const places = (name: string): string[] => {
    const of = machinePlaces({ ...paths, machinesDirectory }, name);
    return [...configurationPlaces(of), of.snapshotsDirectory];
  };
  const targets = places(to);
  for (const [at, path] of places(from).entries()) moveIfThere(path, targets[at] as string);
}

/** Locks both names, always in the same order. */
function lockBoth(paths: Paths, name: string, newName: string): Disposable {
  const locks = new DisposableStack();
  try {
    for (const each of [name, newName].toSorted()) locks.use(lockMachine(paths, each, "rename"));
    return locks;
  } catch (error) {
    locks.dispose();
    throw error;
  }
}

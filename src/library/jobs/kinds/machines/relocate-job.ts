import { existsSync, lstatSync, mkdirSync, realpathSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { crashPoint } from "../../../../core/crash-points.ts";
import { UsageError } from "../../../../core/errors.ts";
import type { Checkpoint, JobKind } from "../../../../engine/job-kind.ts";
import type { JobId } from "../../../../engine/job.ts";
import { undoJob } from "../../../../engine/run/undo-job.ts";
import { readMounts } from "../../../../host/file-systems.ts";
import { assertSameFiles } from "../../../../host/machines/compare-trees.ts";
import { copyMachineTree, moveMachineTree, removeMachineTree } from "../../../../host/machines/machine-trees.ts";
import { formatDirectoryDropIn } from "../../../../host/machines/unit-template.ts";
import { replaceFile, syncPath } from "../../../../host/replace-file.ts";
import type { MachineRecord } from "../../../../journeys/machine/states/machine-record.ts";
import { MachineUnsuitableError } from "../../../machines/errors.ts";
import { guardTarget, isOneMount, lockMachine } from "../../../machines/guards.ts";
import { directoryDropIn, machinePlaces } from "../../../machines/places.ts";
import type { Paths } from "../../../settings/settings.ts";
import { openEngine } from "../../engine.ts";
import { fromJson } from "../../json.ts";
import { assertAsLeft, lockedCheckpoint, markIncomplete, putRecord } from "./machine-checkpoints.ts";
import { machineHooks } from "./machine-hooks.ts";
import { changeMachine, lookBefore, type ChangeOptions, type MachineChange } from "./machine-change.ts";

interface RelocateParameters {
  readonly name: string;
  readonly paths: Paths;
  readonly from: string;
  readonly to: string;
}

interface RelocatePlan {
  readonly before: MachineRecord | null;
  readonly known: MachineRecord;
  /** Both lie on one mount, so that the directory only gets another name. */
  readonly isRename: boolean;
}

const saveConfiguration = "save-configuration";

/** The relocation of a machine as a job: until its configuration is saved undo moves it back, or removes the copy. */
export const relocateKind: JobKind = {
  kind: "machine-relocate",
  planVersion: 1,
  checkpoints: ({ id, parameters, plan }) => relocateCheckpoints(id, fromJson(parameters), fromJson(plan)),
  insteadOfUndo: () => "Relocate the machine back with `rehome machine relocate`.",
};

/**
 * Moves the directory of a machine to `directory`, which is not there yet, and has it started from there. On another file
 * system it is copied, and the old one removed once the copy was read and is the same. If the configuration cannot be saved
 * everything is put back.
 *
 * @throws {UsageError} @throws {MachineStateError} @throws {MachineUnsuitableError}
 */
export async function relocateMachineAsJob(
  name: string,
  directory: string,
  options: ChangeOptions = {},
): Promise<MachineChange> {
  const { paths, machine, before, known } = lookBefore(name, "relocate", options);
  const { path: from } = machine;
  const to = targetOf(name, directory);
  const mounts = readMounts();
  guardTarget(name, from, to, mounts);
  const plan: RelocatePlan = { before, known, isRename: isOneMount(from, dirname(to), mounts) };
  const parameters: RelocateParameters = { name, paths, from, to };
  const title = `relocate ${name} from ${from} to ${to}`;
  let job: JobId | undefined;
  const onJob = (id: JobId): void => {
    job = id;
    options.onJob?.(id);
  };
  try {
    const order = { operation: "relocate", title, parameters, plan, name } as const;
    const change = await changeMachine(relocateKind, order, { ...options, onJob });
    return { ...change, path: to };
  } catch (error) {
    if (job !== undefined && (await isTakenBack(paths, job))) throw notSaved(name, error);
    throw error;
  }
}

function notSaved(name: string, cause: unknown): MachineUnsuitableError {
  return new MachineUnsuitableError(
    `cannot relocate ${name}: its configuration could not be saved (${cause instanceof Error ? cause.message : String(cause)}); it is where it was`,
    "See what keeps the file from being written, then try again.",
    { cause },
  );
}

/** The real path of a place for a machine. @throws {UsageError} */
function targetOf(name: string, directory: string): string {
  const parent = dirname(resolve(directory));
  const unusable = (why: string, remedy: string): UsageError =>
    new UsageError(`cannot relocate ${name} to "${directory}": ${why}`, remedy);
  if (!existsSync(parent)) throw unusable(`${parent} is not there`, "Make it first, with mode 0700.");
  const to = join(realpathSync(parent), basename(resolve(directory)));
  // It stands in a unit of systemd, where other characters mean something.
  if (!/^(?:\/[A-Za-z0-9._@+:-]+)+$/.test(to))
    throw unusable("a unit of systemd cannot name it", "Use letters, digits and `._@+:-`.");
  return to;
}

/** Takes back a job that failed to save the configuration. */
async function isTakenBack(paths: Paths, id: JobId): Promise<boolean> {
  await using engine = openEngine(paths);
  const job = await engine.journal.read(id);
  if (job?.state !== "failed" || job.failure?.checkpoint !== saveConfiguration) return false;
  return (await undoJob(engine, relocateKind, job)).job.state === "undone";
}

function relocateCheckpoints(
  id: JobId,
  { name, paths, from, to }: RelocateParameters,
  { before, known, isRename }: RelocatePlan,
): Checkpoint[] {
  const lock = (): Disposable => lockMachine(paths, name, "relocate");
  const locked = lockedCheckpoint(lock);
  const hooks = machineHooks(paths, { name, operation: "relocate", before, known });
  const stage = join(dirname(to), `.#rehome-relocating-${id}`);
  return [
    hooks.before,
    markIncomplete(paths, { name, operation: "relocate", before, known, locked }),
    ...(isRename
      ? [
          locked({
            name: "move-directory",
            title: `Rename ${from} to ${to}`,
            weight: 1,
            undo: "puts back",
            act: () => moveOnce(from, to),
            takeBack: () => moveOnce(to, from),
          }),
        ]
      : [copyCheckpoint({ from, to, stage, lock })]),
    locked({
      name: saveConfiguration,
      title: `Have ${name} started from ${to}`,
      weight: 1,
      undo: "puts back",
      act: () => nameDirectory(paths, name, to),
      takeBack: () => nameDirectory(paths, name, from),
    }),
    ...(isRename ? [] : [removeCheckpoint(from, lock)]),
    putRecord(paths, {
      name,
      before,
      after: known,
      title: `Keep ${name} on record as it was`,
      assertUndoable: () => assertAsLeft(paths, name, known, "take back the relocation of"),
      locked,
    }),
    hooks.after,
  ];
}

function copyCheckpoint({
  from,
  to,
  stage,
  lock,
}: {
  readonly from: string;
  readonly to: string;
  /** Where the copy is until it is whole. */
  readonly stage: string;
  readonly lock: () => Disposable;
}): Checkpoint {
  return {
    name: "copy-directory",
    title: `Copy ${from} to ${to}, and compare the copy with it`,
    weight: 20,
    undo: "removes",
    async run({ signal }) {
      using _lock = lock();
      if (isThere(to) && !isThere(stage)) return null;
      await removeMachineTree(stage);
      await copyMachineTree(from, stage, { isLive: false, signal });
      await assertSameFiles(from, stage, signal);
      moveMachineTree(stage, to);
      crashPoint("machine.copy-directory.acted");
      return null;
    },
    async takeBack() {
      using _lock = lock();
      await removeMachineTree(stage);
      await removeMachineTree(to);
    },
  };
}

function removeCheckpoint(from: string, lock: () => Disposable): Checkpoint {
  return {
    name: "remove-old",
    title: `Remove ${from}`,
    weight: 4,
    undo: "none",
    async run() {
      using _lock = lock();
      await removeMachineTree(from);
      crashPoint("machine.remove-old.acted");
      return null;
    },
  };
}

function moveOnce(from: string, to: string): void {
  if (isThere(from)) moveMachineTree(from, to);
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Says where a machine is: nowhere in particular where it is in the usual place. */
function nameDirectory(paths: Paths, name: string, directory: string): void {
  const { dropInDirectory } = machinePlaces(paths, name);
  const file = join(dropInDirectory, directoryDropIn);
  if (directory === join(paths.machinesDirectory, name)) {
    if (!existsSync(file)) return;
    rmSync(file);
    syncPath(dropInDirectory);
    return;
  }
  mkdirSync(dropInDirectory, { recursive: true });
  replaceFile(file, formatDirectoryDropIn(directory), true, 0o644);
  syncPath(dropInDirectory);
}

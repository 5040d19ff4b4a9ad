import { existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../../../../core/errors.ts";
import { crashPoint } from "../../../../../core/crash-points.ts";
import type { Checkpoint, CheckpointContext } from "../../../../../engine/job-kind.ts";
import type { JobId } from "../../../../../engine/job.ts";
import { moveMachineTree } from "../../../../../host/machines/machine-trees.ts";
import { isMachineRunning } from "../../../../../host/machines/running.ts";
import type { MachineConfiguration } from "../../../../../journeys/machine/detached/detached-manifest.ts";
import { machineNamePattern } from "../../../../../journeys/machine/detached/parse-detached.ts";
import type { MachineRecord } from "../../../../../journeys/machine/states/machine-record.ts";
import type { OwnerStamp } from "../../../../../journeys/machine/states/owner-stamp.ts";
import { assertLegal } from "../../../../../journeys/machine/states/machine-state.ts";
import { removeConfigurationOf, writeConfigurationOf } from "../../../../machines/configuration-files.ts";
import { MachineUnsuitableError } from "../../../../machines/errors.ts";
import { describeMachine } from "../../../../machines/list-machines.ts";
import { putBackStamp, writeStamp } from "../../../../machines/owner-stamp.ts";
import { newestChange } from "../../../../machines/newest-change.ts";
import { machinePlaces } from "../../../../machines/places.ts";
import { readRecord, writeRecord } from "../../../../machines/records.ts";
import { prepare, type PrepareOptions } from "../../../../prepare/prepare.ts";
import type { Paths } from "../../../../settings/settings.ts";
import { toJson } from "../../../json.ts";
import { putRecord, restoreRecord, type Locked } from "../machine-checkpoints.ts";

/** A machine that a job makes. */
export interface NewMachine {
  readonly paths: Paths;
  readonly name: string;
  /** What is on record of it until it is done. */
  readonly known: MachineRecord;
  /** What was on record of it before. */
  readonly before: MachineRecord | null;
  readonly locked: Locked;
}

/** What makes a machine somebody else; what concerns hardware is not among it: the machine has none. */
export const identityOperations: readonly string[] = [
  "leftovers",
  "first-boot",
  "machine-id",
  "hostname",
  "ssh-host-keys",
  "dhcp",
  "random-seed",
  "prepare.d",
];

/** Where a job makes a machine's tree until it takes its place; `machine list` passes over it. */
export function stageOf({ machinesDirectory }: Paths, job: JobId): string {
  return join(machinesDirectory, `.rehome-machine-${job}`);
}

/** @throws {UsageError} If no machine can be called so. */
export function assertMachineName(action: string, name: string): void {
  if (machineNamePattern.test(name)) return;
  throw new UsageError(
    `cannot ${action} "${name}": it is no name of a machine`,
    "Use letters, digits, `.`, `_` and `-`, at most 64.",
  );
}

/** What the system in a machine is called: a host cannot be called all that a machine can. */
export function hostnameOf(machine: string): string {
  return machine.replaceAll("_", "-");
}

/** @throws {MachineUnsuitableError} @throws {MachineStateError} If a machine of that name is here. */
export function assertNameFree(paths: Paths, name: string): void {
  const existing = describeMachine(paths, name, readRecord(paths, name));
  if (existing === undefined) return;
  if (existing.state === "detached" || existing.state === "incomplete") assertLegal(name, "install", existing.state);
  throw new MachineUnsuitableError(
    `cannot make ${name}: a machine of that name is ${existing.state} here`,
    `Choose another name, or rehome machine remove ${name}`,
  );
}

/** @throws {MachineUnsuitableError} @throws {MachineStateError} If the files of a machine cannot come to lie here under that name. */
export function assertRoomFor(paths: Paths, name: string): void {
  const { directory } = machinePlaces(paths, name);
  const existing = describeMachine(paths, name, readRecord(paths, name));
  if (existing !== undefined) assertLegal(name, "attach", existing.state);
  if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) return;
  throw new MachineUnsuitableError(
    `cannot bring the files of ${name}: ${directory} is there already`,
    `Attach those (rehome machine attach ${name}), or remove them first (rehome machine remove ${name}).`,
  );
}

/** The first checkpoint: the name is taken, the machine incomplete. */
export function reserveName(
  { paths, name, known, before, locked }: NewMachine,
  assertFree: () => void = () => assertNameFree(paths, name),
): Checkpoint {
  return locked({
    name: "mark-incomplete",
    title: `Take the name ${name} for a machine that is incomplete`,
    weight: 1,
    undo: "puts back",
    act() {
      const record = readRecord(paths, name);
      if (record?.mark === "incomplete" && record.uuid === known.uuid) return;
      assertFree();
      writeRecord(paths, { ...known, mark: "incomplete" });
    },
    takeBack() {
      if (readRecord(paths, name)?.uuid === known.uuid) restoreRecord(paths, name, before);
    },
  });
}

/** Makes the tree in `stage` that of somebody else. The tree is removed as a whole by whoever made it. */
export function resetIdentity(stage: string, options: PrepareOptions): Checkpoint {
  return {
    name: "reset-identity",
    title: "Make it a system of its own: machine-id, host keys, name, random seed, leases, logs",
    weight: 10,
    undo: "removes",
    async run({ signal, log }) {
      const { operations } = await prepare(stage, {
        ...options,
        identity: "reset",
        only: identityOperations,
        signal,
      });
      for (const { name, evidence, warnings } of operations)
        for (const line of [...evidence, ...warnings]) log(`${name}: ${line}`);
      crashPoint("machine.reset-identity.acted");
      return null;
    },
    takeBack: () => Promise.resolve(),
  };
}

/** Puts the tree in its place; what was not there before goes back to `stage` when it is taken back. */
export function publishTree({ paths, name, locked }: NewMachine, stage: string): Checkpoint {
  const { directory } = machinePlaces(paths, name);
  return locked({
    name: "publish",
    title: `Put the files of ${name} in their place`,
    weight: 1,
    undo: "removes",
    act() {
      if (existsSync(stage)) moveMachineTree(stage, directory);
    },
    takeBack() {
      // While the stage is there, what has the place is not ours.
      if (!existsSync(stage) && existsSync(directory)) moveMachineTree(directory, stage);
    },
  });
}

/** Writes its settings; whether it starts with the host is left as it is. */
export function configure(
  { paths, name, locked }: Pick<NewMachine, "paths" | "name" | "locked">,
  configuration: MachineConfiguration,
): Checkpoint {
  return locked({
    name: "write-configuration",
    title: `Write the settings of ${name}`,
    weight: 1,
    undo: "removes",
    act: () => writeConfigurationOf(paths, name, configuration),
    takeBack: () => removeConfigurationOf(paths, name),
  });
}

/** The last checkpoints: the machine is what `after` says, and is only taken back while nobody has used it. `stamp`: whose its directory said it was. */
export function own(
  { paths, name, before, locked }: NewMachine,
  after: (context: CheckpointContext) => MachineRecord,
  stamp: OwnerStamp | null = null,
): Checkpoint[] {
  const { directory } = machinePlaces(paths, name);
  const seal = "look-at-tree";
  return [
    locked({
      name: "stamp-owner",
      title: `Say in the directory of ${name} that this site owns it`,
      weight: 1,
      undo: "puts back",
      act: (context) => writeStamp(directory, after(context)),
      takeBack: () => putBackStamp(directory, stamp),
    }),
    {
      name: seal,
      title: "Note when its files were changed last",
      weight: 1,
      undo: "removes",
      run: () => Promise.resolve(toJson({ newestChange: newestChange(directory) })),
      takeBack: () => Promise.resolve(),
    },
    putRecord(paths, {
      name,
      before,
      after,
      title: `Own ${name}`,
      assertUndoable(context) {
        const { uuid, epoch, owner } = after(context);
        const noted = (context.results.get(seal) as { readonly newestChange: string } | null | undefined)?.newestChange;
        const record = readRecord(paths, name);
        // It died before it owned the machine.
        if (record?.uuid === uuid && record.mark === "incomplete") return;
        const why = isMachineRunning(directory, name)
          ? "it is running"
          : record?.uuid !== uuid || record.epoch !== epoch || record.owner !== owner
            ? "it has been attached elsewhere, or detached, since"
            : existsSync(directory) && newestChange(directory) === noted
              ? undefined
              : "its files have changed since";
        if (why === undefined) return;
        throw new MachineUnsuitableError(
          `cannot take back the job that brought ${name}: ${why}`,
          `If it is not wanted here: rehome machine detach ${name}, or rehome machine remove ${name}`,
        );
      },
      locked,
    }),
  ];
}

import { isDeepStrictEqual } from "node:util";
import { crashPoint } from "../../../../core/crash-points.ts";
import type { Checkpoint, CheckpointContext } from "../../../../engine/job-kind.ts";
import type { UndoWay } from "../../../../engine/job.ts";
import { isMachineRunning } from "../../../../host/machines/running.ts";
import type { MachineRecord } from "../../../../journeys/machine/states/machine-record.ts";
import type { MachineOperation } from "../../../../journeys/machine/states/machine-state.ts";
import { MachineUnsuitableError } from "../../../machines/errors.ts";
import { guardState } from "../../../machines/guards.ts";
import { machinePlaces } from "../../../machines/places.ts";
import { readRecord, removeRecord, writeRecord } from "../../../machines/records.ts";
import type { Paths } from "../../../settings/settings.ts";

/** A checkpoint whose work is short, and done while its machine is locked. */
interface LockedWork {
  readonly name: string;
  readonly title: string;
  readonly weight: number;
  readonly undo: Exclude<UndoWay, "none">;
  readonly act: (context: CheckpointContext) => void;
  readonly takeBack: (context: CheckpointContext) => void;
}

/** Makes checkpoints that lock a machine while they act or take back. */
export type Locked = (work: LockedWork) => Checkpoint;

/** See {@link Locked}. */
export function lockedCheckpoint(lock: () => Disposable): Locked {
  return ({ act, takeBack, ...rest }) => ({
    ...rest,
    run: async (context) => {
      using _lock = lock();
      act(context);
      crashPoint(`machine.${rest.name}.acted`);
      return await Promise.resolve(null);
    },
    takeBack: async (context) => {
      using _lock = lock();
      takeBack(context);
      await Promise.resolve();
    },
  });
}

/** The first checkpoint of a job: looks once more whether the machine may be touched, then marks it. */
export function markIncomplete(
  paths: Paths,
  {
    name,
    operation,
    before,
    known,
    locked,
  }: {
    readonly name: string;
    readonly operation: MachineOperation;
    readonly before: MachineRecord | null;
    readonly known: MachineRecord;
    readonly locked: Locked;
  },
): Checkpoint {
  return locked({
    name: "mark-incomplete",
    title: `Mark ${name} as incomplete`,
    weight: 1,
    undo: "puts back",
    act() {
      if (readRecord(paths, name)?.mark === "incomplete") return;
      guardState(paths, name, operation);
      writeRecord(paths, { ...known, ...(before?.owner !== undefined && { owner: before.owner }), mark: "incomplete" });
    },
    takeBack: () => restoreRecord(paths, name, before),
  });
}

/** The last checkpoint of a job: what the machine is from now on. */
export function putRecord(
  paths: Paths,
  {
    name,
    before,
    after,
    title,
    assertUndoable,
    locked,
  }: {
    readonly name: string;
    readonly before: MachineRecord | null;
    readonly after: MachineRecord | ((context: CheckpointContext) => MachineRecord);
    readonly title: string;
    /** Throws where the machine has gone on since, so that taking the job back would make a second one of it. */
    readonly assertUndoable: (context: CheckpointContext) => void;
    readonly locked: Locked;
  },
): Checkpoint {
  return locked({
    name: "put-record",
    title,
    weight: 1,
    undo: "puts back",
    act: (context) => writeRecord(paths, typeof after === "function" ? after(context) : after),
    // Its first checkpoint puts back what was on record before; until then it is between two states.
    takeBack(context) {
      assertUndoable(context);
      const record = before ?? readRecord(paths, name);
      if (record !== undefined) writeRecord(paths, { ...record, name, mark: "incomplete" });
    },
  });
}

/** Puts back what was on record. Safe to call twice. */
export function restoreRecord(paths: Paths, name: string, before: MachineRecord | null): void {
  if (before === null) removeRecord(paths, name);
  else writeRecord(paths, before);
}

/** Asserts that a machine does not run. @throws {MachineUnsuitableError} */
export function assertStopped(paths: Paths, name: string, action: string): void {
  if (!isMachineRunning(machinePlaces(paths, name).directory, name)) return;
  throw new MachineUnsuitableError(
    `cannot ${action} ${name}: it is running`,
    `Stop it first: rehome machine stop ${name}`,
  );
}

/** Asserts that a machine does not run, and that its record is what a job left or what its undo has made of that. @throws {MachineUnsuitableError} */
export function assertAsLeft(paths: Paths, name: string, left: MachineRecord | null, action: string): void {
  assertStopped(paths, name, action);
  const now = readRecord(paths, name);
  if (now?.mark === "incomplete" || isDeepStrictEqual(now ?? null, left)) return;
  throw new MachineUnsuitableError(
    `cannot ${action} ${name}: other things were done to it since`,
    "Take those back first; `rehome job list` shows them.",
  );
}

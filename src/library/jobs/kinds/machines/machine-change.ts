import { throwIfInterrupted } from "../../../../core/errors.ts";
import type { JobKind } from "../../../../engine/job-kind.ts";
import type { JobId } from "../../../../engine/job.ts";
import type { MachineRecord } from "../../../../journeys/machine/states/machine-record.ts";
import type { MachineOperation, MachineState } from "../../../../journeys/machine/states/machine-state.ts";
import { readConfigurationOf } from "../../../machines/configuration-files.ts";
import { chooseUuid } from "../../../machines/describe-detached.ts";
import { guardMachine } from "../../../machines/guards.ts";
import { describeMachine, type ListedMachine } from "../../../machines/list-machines.ts";
import { knownSiteId, readRecord, siteId } from "../../../machines/records.ts";
import { choosePaths, type Paths } from "../../../settings/settings.ts";
import { toJson } from "../../json.ts";
import { runAsJob, type JobOptions } from "../../run-as-job.ts";

/** How a machine is to be changed. */
export interface ChangeOptions extends JobOptions {
  /** Looks whether it may be done and says what would be, and changes nothing. */
  readonly dryRun?: boolean;
}

/** What was done to a machine, or would be. */
export interface MachineChange {
  /** As it is called then. */
  readonly name: string;
  readonly operation: MachineOperation;
  /** What it is now; absent where nothing is left of it. */
  readonly state?: MachineState;
  readonly path: string;
  /** One order for each step. */
  readonly steps: readonly string[];
  readonly isDone: boolean;
}

/** A machine before it is changed. */
export interface Unchanged {
  readonly paths: Paths;
  readonly site: string;
  readonly machine: ListedMachine;
  /** What is on record. */
  readonly before: MachineRecord | null;
  /** The same, or what there would be on record of a machine that rehome never had to do with. */
  readonly known: MachineRecord;
}

/** Looks whether a machine may be changed, and what it is. @throws {MachineStateError} @throws {MachineUnsuitableError} */
export function lookBefore(
  name: string,
  operation: MachineOperation,
  { paths = choosePaths(), dryRun = false }: ChangeOptions,
): Unchanged {
  const machine = guardMachine(paths, name, operation);
  const before = readRecord(paths, name) ?? null;
  // To look makes no id of this site.
  const site = dryRun ? (knownSiteId(paths) ?? "0".repeat(32)) : siteId(paths);
  return { paths, site, machine, before, known: before ?? makeRecord(paths, machine, site) };
}

/** What is put on record of a machine that is on none: with files of its own it belongs to where it lies. */
function makeRecord(paths: Paths, { name, state, path, uuid }: ListedMachine, site: string): MachineRecord {
  const number = uuid ?? chooseUuid(readConfigurationOf(paths, name).nspawn, path);
  const isOwn = state === "installed" || state === "running";
  return { name, uuid: number, epoch: 0, ...(isOwn ? { owner: site } : { mark: "configured" }) };
}

/** What a job of a kind is to do. */
export interface ChangeOrder {
  readonly operation: MachineOperation;
  readonly title: string;
  readonly parameters: object;
  readonly plan: object;
  /** What the machine is called afterwards. */
  readonly name: string;
}

/** Runs the job, or says what it would do. @throws Whatever makes it fail. @throws {JobPausedError} */
export async function changeMachine(
  kind: JobKind,
  { operation, title, parameters, plan, name }: ChangeOrder,
  options: ChangeOptions,
): Promise<MachineChange> {
  const { paths = choosePaths(), dryRun = false } = options;
  throwIfInterrupted(options.signal, title);
  const order = { title, parameters: toJson(parameters), plan: toJson(plan) };
  const steps = kind.checkpoints({ id: "00000000" as JobId, ...order }).map(({ title: step }) => step);
  const before = describeMachine(paths, name, readRecord(paths, name));
  if (!dryRun) await runAsJob(kind, order, { ...options, paths });
  const now = dryRun ? before : describeMachine(paths, name, readRecord(paths, name));
  return {
    name,
    operation,
    ...(now !== undefined && { state: now.state }),
    path: (now ?? before)?.path ?? "",
    steps,
    isDone: !dryRun,
  };
}

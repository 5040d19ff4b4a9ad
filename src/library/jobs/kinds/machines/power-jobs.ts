import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { crashPoint } from "../../../../core/crash-points.ts";
import { RehomeError, throwIfInterrupted } from "../../../../core/errors.ts";
import type { CheckpointContext, JobKind } from "../../../../engine/job-kind.ts";
import { endMachine, startDirectly, startUnit } from "../../../../host/machines/power.ts";
import { isMachineRunning } from "../../../../host/machines/running.ts";
import { findSupervisor, isSystemdRunning } from "../../../../host/machines/supervisor.ts";
import type { MachineRecord } from "../../../../journeys/machine/states/machine-record.ts";
import { assertNoCopy, assertOwned } from "../../../../journeys/machine/states/ownership.ts";
import { guardState, lockMachine } from "../../../machines/guards.ts";
import { machinePlaces } from "../../../machines/places.ts";
import { readRecords } from "../../../machines/records.ts";
import { forgetStopping, noteStopping } from "../../../machines/stopping.ts";
import type { Paths } from "../../../settings/settings.ts";
import { fromJson } from "../../json.ts";
import { machineHooks } from "./machine-hooks.ts";
import { changeMachine, lookBefore, type ChangeOptions, type MachineChange } from "./machine-change.ts";

interface PowerParameters {
  readonly name: string;
  readonly paths: Paths;
}

interface StartPlan {
  readonly before: MachineRecord | null;
  readonly known: MachineRecord;
  /** Systemd starts it, as the unit of its name. */
  readonly isUnit: boolean;
}

interface StopPlan extends StartPlan {
  readonly timeoutMs: number;
  readonly force: boolean;
}

/** A machine did not stop in time. */
export class MachineStuckError extends RehomeError {
  override readonly name = "MachineStuckError";
  readonly code = "TIMED_OUT";

  constructor(machine: string, timeoutMs: number) {
    super(
      `cannot stop ${machine}: it has not shut down within ${timeoutMs / 1000} s, and is still at it`,
      `See what keeps it, and wait longer with --timeout; or end it at once: rehome machine stop ${machine} --force`,
    );
  }
}

const lookEveryMs = 200;
/** As long as systemd gives a service. */
const defaultTimeoutMs = 90_000;

/** The starting of a machine as a job; to undo it stops the machine. */
export const startMachineKind: JobKind = {
  kind: "machine-start",
  planVersion: 1,
  checkpoints({ parameters, plan }) {
    const { name, paths } = fromJson<PowerParameters>(parameters);
    const { before, known, isUnit } = fromJson<StartPlan>(plan);
    const hooks = machineHooks(paths, { name, operation: "start", before, known });
    const { directory } = machinePlaces(paths, name);
    return [
      hooks.before,
      {
        name: "start",
        title: isUnit ? `Start systemd-nspawn@${name}.service` : `Start ${name} by systemd-nspawn`,
        weight: 1,
        undo: "removes",
        async run({ signal, directory: own }) {
          using _lock = lockMachine(paths, name, "start");
          if (isMachineRunning(directory, name)) return null;
          guardState(paths, name, "start");
          forgetStopping(paths, name);
          if (isUnit) await startUnit(name, signal);
          else await startDirectly({ name, directory, log: join(own, "console.log") }, signal);
          crashPoint("machine.start.acted");
          return null;
        },
        async takeBack(context) {
          await stop(name, paths, { before, known, isUnit, timeoutMs: defaultTimeoutMs, force: false }, context);
        },
      },
      hooks.after,
    ];
  },
  insteadOfUndo: () => "Stop the machine with `rehome machine stop`.",
};

/**
 * Starts a machine that this site owns, and waits until its first process runs.
 *
 * @throws {MachineStateError} @throws {NotOwnerError} @throws {ToolFailedError}
 */
export async function startMachineAsJob(name: string, options: ChangeOptions = {}): Promise<MachineChange> {
  const { paths, site, before, known } = lookBefore(name, "start", options);
  assertOwned("start", before ?? undefined, site);
  if (before === null) assertNoCopy("start", known, readRecords(paths));
  const plan: StartPlan = { before, known, isUnit: isOfSystemd(paths) };
  const parameters: PowerParameters = { name, paths };
  const order = { operation: "start", title: `start ${name}`, parameters, plan, name } as const;
  return await changeMachine(startMachineKind, order, options);
}

/** How a machine is to be stopped. */
export interface StopMachineOptions extends ChangeOptions {
  /** How long it may take to shut down. Default: 90,000. */
  readonly timeoutMs?: number;
  /** Ends it at once, as if its power were cut. */
  readonly force?: boolean;
}

/** The stopping of a machine as a job. */
export const stopMachineKind: JobKind = {
  kind: "machine-stop",
  planVersion: 1,
  checkpoints({ parameters, plan }) {
    const { name, paths } = fromJson<PowerParameters>(parameters);
    const stopPlan = fromJson<StopPlan>(plan);
    const { before, known, force, timeoutMs } = stopPlan;
    const hooks = machineHooks(paths, { name, operation: "stop", before, known });
    return [
      hooks.before,
      {
        name: "stop",
        title: force ? `End ${name} at once` : `Have ${name} shut down, within ${timeoutMs / 1000} s`,
        weight: 1,
        undo: "none",
        async run(context) {
          await stop(name, paths, stopPlan, context);
          return null;
        },
      },
      hooks.after,
    ];
  },
  insteadOfUndo: () => "Start the machine again with `rehome machine start`.",
};

/** Has a machine shut down, and waits for that. @throws {MachineStateError} @throws {MachineStuckError} */
export async function stopMachineAsJob(name: string, options: StopMachineOptions = {}): Promise<MachineChange> {
  const { timeoutMs = defaultTimeoutMs, force = false } = options;
  const { paths, before, known } = lookBefore(name, "stop", options);
  const plan: StopPlan = { before, known, isUnit: isOfSystemd(paths), timeoutMs, force };
  const parameters: PowerParameters = { name, paths };
  const title = `stop ${name}${force ? " by force" : ""}`;
  return await changeMachine(stopMachineKind, { operation: "stop", title, parameters, plan, name }, options);
}

async function stop(
  name: string,
  paths: Paths,
  { isUnit, timeoutMs, force }: StopPlan,
  { signal, log }: CheckpointContext,
): Promise<void> {
  using _lock = lockMachine(paths, name, "stop");
  const { directory } = machinePlaces(paths, name);
  const supervisor = findSupervisor(directory);
  if (supervisor !== undefined) noteStopping(paths, name, supervisor);
  await endMachine(name, directory, { isUnit, force });
  crashPoint("machine.stop.asked");
  const until = performance.now() + timeoutMs;
  while (isMachineRunning(directory, name)) {
    throwIfInterrupted(signal, `the stopping of ${name}`);
    if (performance.now() > until) throw new MachineStuckError(name, timeoutMs);
    await wait(lookEveryMs);
  }
  forgetStopping(paths, name);
  log(`${name} has shut down`);
}

/** Units of systemd are for machines where systemd looks for them; elsewhere one of the same name is another machine. */
function isOfSystemd({ machinesDirectory, nspawnDirectory }: Paths): boolean {
  return isSystemdRunning() && machinesDirectory === "/var/lib/machines" && nspawnDirectory === "/etc/systemd/nspawn";
}

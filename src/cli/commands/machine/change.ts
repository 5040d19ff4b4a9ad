import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import type { ChangeOptions, MachineChange } from "../../../library/jobs/kinds/machines/machine-change.ts";
import { markMachineAsJob, reclaimMachineAsJob } from "../../../library/jobs/kinds/machines/record-jobs.ts";
import { startMachineAsJob, stopMachineAsJob } from "../../../library/jobs/kinds/machines/power-jobs.ts";
import { relocateMachineAsJob } from "../../../library/jobs/kinds/machines/relocate-job.ts";
import { removeMachineAsJob } from "../../../library/jobs/kinds/machines/remove-job.ts";
import { renameMachineAsJob } from "../../../library/jobs/kinds/machines/rename-job.ts";
import type { CommandContext } from "../../command-context.ts";
import type {
  MachineMarkCall,
  MachineReclaimCall,
  MachineRelocateCall,
  MachineRemoveCall,
  MachineRenameCall,
  MachineStartCall,
  MachineStopCall,
} from "../../definition/index.ts";

/** `rehome machine rename`. */
export async function runMachineRename(call: MachineRenameCall, context: CommandContext): Promise<ExitStatus> {
  const change = await renameMachineAsJob(call.name, call.newName, optionsOf(call, "the renaming", context));
  return tell(change, `${call.name} is ${call.newName} now`, context);
}

/** `rehome machine relocate`. */
export async function runMachineRelocate(call: MachineRelocateCall, context: CommandContext): Promise<ExitStatus> {
  const change = await relocateMachineAsJob(call.name, call.directory, optionsOf(call, "the relocation", context));
  return tell(change, `${call.name} is in ${change.path} now`, context);
}

/** `rehome machine start`. */
export async function runMachineStart(call: MachineStartCall, context: CommandContext): Promise<ExitStatus> {
  const change = await startMachineAsJob(call.name, optionsOf(call, "the start", context));
  return tell(change, `${call.name} is running`, context);
}

/** `rehome machine stop`. */
export async function runMachineStop(call: MachineStopCall, context: CommandContext): Promise<ExitStatus> {
  const { timeout, force } = call;
  const options = { ...optionsOf(call, "the stopping", context), force };
  const change = await stopMachineAsJob(call.name, {
    ...options,
    ...(timeout !== undefined && { timeoutMs: timeout }),
  });
  return tell(change, `${call.name} has stopped`, context);
}

/** `rehome machine remove`. */
export async function runMachineRemove(call: MachineRemoveCall, context: CommandContext): Promise<ExitStatus> {
  const options = { ...optionsOf(call, "the removal", context), keepData: call.keepData };
  const change = await removeMachineAsJob(call.name, options);
  return tell(change, `${call.name} is removed${call.keepData ? `; its files stay in ${change.path}` : ""}`, context);
}

/** `rehome machine mark`. */
export async function runMachineMark(call: MachineMarkCall, context: CommandContext): Promise<ExitStatus> {
  const change = await markMachineAsJob(call.name, optionsOf(call, "the marking", context));
  return tell(change, `${call.name} is incomplete`, context);
}

/** `rehome machine reclaim`. */
export async function runMachineReclaim(call: MachineReclaimCall, context: CommandContext): Promise<ExitStatus> {
  if (!call.targetIsLost)
    throw new UsageError(
      `cannot reclaim ${call.name}: --target-is-lost is missing`,
      "Give it where the site that owns the machine will never run it again.",
    );
  const change = await reclaimMachineAsJob(call.name, optionsOf(call, "the reclaiming", context));
  const next = change.state === "configured" ? [`rehome machine attach ${call.name}, once its files are here`] : [];
  return tell(change, `${call.name} is owned by this site`, context, next);
}

function optionsOf(
  { dryRun }: { readonly dryRun: boolean },
  action: string,
  { interruptible, onJob }: CommandContext,
): ChangeOptions {
  return { dryRun, signal: interruptible(action), onJob };
}

function tell(
  change: MachineChange,
  done: string,
  { common, output, job }: CommandContext,
  more: readonly string[] = [],
): ExitStatus {
  const id = job();
  if (common.json) output.document({ ...(id !== undefined && { job: id }), ...change });
  else output.lines(change.isDone ? [done, ...more] : change.steps);
  return exitStatus.done;
}

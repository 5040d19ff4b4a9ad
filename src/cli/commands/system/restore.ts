import { setFlagsFromString } from "node:v8";
import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import type { RestoreOptions, RestoreResult } from "../../../library/restore/restore.ts";
import { makeWriteThreads } from "../../../library/settings/write-pool.ts";
import { TargetDiffersError } from "../../../system/restore/errors.ts";
import type { CommandContext } from "../../command-context.ts";
import type { RestoreCall } from "../../definition/index.ts";
import { entryNoun } from "../../progress/progress-text.ts";
import { differenceDocument } from "../difference.ts";
import { printRestored, restoreDocument } from "./restored-tree.ts";
import { runRestoreRaw } from "./restore-raw.ts";
import { describeRestorePlan } from "./describe-restore-plan.ts";

/** `rehome restore`. */
export async function runRestore(call: RestoreCall, context: CommandContext): Promise<ExitStatus> {
  if (!call.intoExisting && (call.delete || call.noBackup))
    throw new UsageError(
      `cannot use ${call.delete ? "--delete" : "--no-backup"}: it needs --into-existing`,
      "Without it, rehome writes into a new or empty directory only.",
    );
  const options: RestoreOptions = {
    ...context.store,
    verify: call.verify,
    intoExisting: call.intoExisting,
    delete: call.delete,
    backup: !call.noBackup,
    ...(call.path !== undefined && { path: call.path }),
    ...(call.as !== undefined && { as: call.as }),
    signal: context.interruptible("the restore"),
  };
  if (call.raw.length > 0) return await runRestoreRaw(call, { ...options, raw: call.raw }, context);
  const { directory } = call;
  if (directory === undefined || call.yesErase.length > 0)
    throw new UsageError(
      directory === undefined ? "cannot restore: no DIR is named" : "cannot use --yes-erase: it needs --raw",
      "Name a directory for the tree, or --raw NAME=DEV for a raw stream.",
    );
  return await runRestoreTree({ ...call, directory }, options, context);
}

/** A call that restores a tree. */
type TreeCall = RestoreCall & { readonly directory: string };

async function runRestoreTree(call: TreeCall, options: RestoreOptions, context: CommandContext): Promise<ExitStatus> {
  if (call.dryRun) return await showPlan(call, options, context);
  const result = await runWithProgress(call, options, context);
  if (context.common.json) context.output.document({ job: context.job(), ...restoreDocument(result) });
  else printRestored(result, context);
  return result.lossCount > 0 ? exitStatus.incomplete : exitStatus.done;
}

async function showPlan(call: TreeCall, options: RestoreOptions, context: CommandContext): Promise<ExitStatus> {
  const planned = await planWithProgress(call, options, context);
  const { plan, leftOut, differences } = planned;
  if (context.common.json) context.output.document({ plan, leftOut, differences: differences.map(differenceDocument) });
  else context.output.lines(describeRestorePlan(planned, call));
  return exitStatus.done;
}

async function planWithProgress(
  call: TreeCall,
  options: RestoreOptions,
  context: CommandContext,
): ReturnType<typeof planRestoreOf> {
  using view = context.startProgress(entryNoun);
  const { planRestoreOf } = await import("../../../library/restore/restore.ts");
  return await planRestoreOf(call.image, call.directory, { ...options, onProgress: view.onProgress });
}

async function runWithProgress(
  call: TreeCall,
  options: RestoreOptions,
  context: CommandContext,
): Promise<RestoreResult> {
  // Most of a restore is native code. What V8's last optimizer wins in the rest, it costs: only long restores are to pay for it.
  setFlagsFromString("--invocation-count-for-turbofan=30000");
  await using threads = makeWriteThreads();
  if (!call.intoExisting) threads.start();
  const { restoreAsJob } = await import("../../../library/jobs/kinds/restore/restore-job.ts");
  using view = context.startProgress(entryNoun);
  try {
    const { onProgress } = view;
    const all = { ...options, onProgress, onJob: context.onJob };
    return await restoreAsJob(call.image, call.directory, all, threads);
  } catch (error) {
    if (error instanceof TargetDiffersError && !context.common.json)
      context.output.lines(error.differences.map(describe));
    throw error;
  }
}

function describe({ path, change, aspects }: TargetDiffersError["differences"][number]): string {
  return `${path === "" ? "." : path} (${[change, ...aspects].join(", ")})`;
}

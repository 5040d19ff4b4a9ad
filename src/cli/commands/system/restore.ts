import { setFlagsFromString } from "node:v8";
import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import type { RestoreOptions, RestoreResult } from "../../../library/restore/restore.ts";
import { makeWriteThreads } from "../../../library/settings/write-pool.ts";
import { TargetDiffersError } from "../../../system/restore/errors.ts";
import type { CommandContext } from "../../command-context.ts";
import type { RestoreCall } from "../../definition/index.ts";
import { entryNoun } from "../../progress/progress-text.ts";
import { countOf, formatBytes, formatDuration } from "../../render/quantities.ts";
import { differenceDocument } from "../difference.ts";
import { formatLabel, labelOf } from "../image-label.ts";
import { formatSecret } from "../secrets.ts";
import { printWarnings } from "../warnings.ts";
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
    signal: context.interruptible("the restore"),
  };
  if (call.dryRun) return await showPlan(call, options, context);
  const result = await runWithProgress(call, options, context);
  if (context.common.json) context.output.document({ job: context.job(), ...restoreDocument(result) });
  else {
    context.output.lines(describeRestore(result));
    const losses = result.losses.map(({ path, what, why }) => `/${path}: ${what} could not be set: ${why}`);
    printWarnings(context.messages, losses, result.lossCount, "--json lists up to a thousand");
    const leftOut = result.leftOut.map((file) => `${formatSecret(file)}: the image does not have its content`);
    printWarnings(context.messages, leftOut, leftOut.length, "-v lists them");
  }
  return result.lossCount > 0 ? exitStatus.incomplete : exitStatus.done;
}

async function showPlan(call: RestoreCall, options: RestoreOptions, context: CommandContext): Promise<ExitStatus> {
  const planned = await planWithProgress(call, options, context);
  const { plan, leftOut, differences } = planned;
  if (context.common.json) context.output.document({ plan, leftOut, differences: differences.map(differenceDocument) });
  else context.output.lines(describeRestorePlan(planned, call));
  return exitStatus.done;
}

async function planWithProgress(
  call: RestoreCall,
  options: RestoreOptions,
  context: CommandContext,
): ReturnType<typeof planRestoreOf> {
  using view = context.startProgress(entryNoun);
  const { planRestoreOf } = await import("../../../library/restore/restore.ts");
  return await planRestoreOf(call.image, call.directory, { ...options, onProgress: view.onProgress });
}

async function runWithProgress(
  call: RestoreCall,
  options: RestoreOptions,
  context: CommandContext,
): Promise<RestoreResult> {
  // Most of a restore is native code. What V8's last optimizer wins in the rest, it costs: only long restores are to pay for it.
  setFlagsFromString("--invocation-count-for-turbofan=30000");
  await using threads = makeWriteThreads();
  if (!call.intoExisting) threads.start();
  const { restoreAsJob } = await import("../../../library/jobs/kinds/restore-job.ts");
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

function restoreDocument(result: RestoreResult): object {
  const { name, directory, entries, files, bytes, resumed, losses, lossCount, leftOut, backup, verified, durationMs } =
    result;
  return {
    ...labelOf(name),
    directory,
    entries,
    files,
    bytes,
    resumed,
    losses,
    lossCount,
    leftOut,
    ...(backup && { backup: labelOf(backup) }),
    ...(verified && {
      verified: { cached: verified.cached, differences: verified.differences.map(differenceDocument) },
    }),
    durationMs,
  };
}

function describeRestore(result: RestoreResult): string[] {
  const { name, directory, entries, files, bytes, resumed, backup, verified, durationMs } = result;
  return [
    `${formatLabel(name)} is in ${directory}`,
    `${countOf(entries, "entry", "entries")}, ${countOf(files, "file")}, ${formatBytes(bytes)}, in ${formatDuration(durationMs)}`,
    ...(resumed ? ["went on from where an earlier run had stopped"] : []),
    ...(backup ? [`what was there before is ${formatLabel(backup)}`] : []),
    ...(verified
      ? [
          `verified: nothing differs${verified.cached ? "; read from memory, the file system has no device" : ", read back from the device"}`,
        ]
      : []),
  ];
}

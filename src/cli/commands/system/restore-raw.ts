import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import type {
  PlannedRestoreRaw,
  RestoredWithStreams,
  RestoreRawOptions,
} from "../../../library/jobs/kinds/restore/restore-raw-job.ts";
import type { CommandContext } from "../../command-context.ts";
import type { RestoreCall } from "../../definition/index.ts";
import { entryNoun } from "../../progress/progress-text.ts";
import { formatBytes } from "../../render/quantities.ts";
import { differenceDocument } from "../difference.ts";
import { formatLabel, labelOf } from "../image-label.ts";
import { describeRestorePlan } from "./describe-restore-plan.ts";
import { printRestored, restoreDocument } from "./restored-tree.ts";

/** `rehome restore --raw`. */
export async function runRestoreRaw(
  call: RestoreCall,
  options: RestoreRawOptions,
  context: CommandContext,
): Promise<ExitStatus> {
  const { directory, path, intoExisting, verify, as } = call;
  if (directory === undefined && (path !== undefined || as !== undefined || intoExisting || verify))
    throw new UsageError(
      "cannot restore streams alone so: --path, --as, --into-existing and --verify are about the tree",
      "Name a DIR for the tree, or leave them out; streams are always read back.",
    );
  const { planRestoreRaw, restoreRawAsJob } = await import("../../../library/jobs/kinds/restore/restore-raw-job.ts");
  const all = { ...options, mayErase: call.yesErase };
  using view = context.startProgress(entryNoun);
  const { onProgress } = view;
  if (call.dryRun) {
    const planned = await planRestoreRaw(call.image, directory, { ...all, onProgress });
    if (context.common.json) context.output.document(planDocument(planned));
    else context.output.lines(describePlan(planned, call));
    return exitStatus.done;
  }
  const result = await restoreRawAsJob(call.image, directory, { ...all, onProgress, onJob: context.onJob });
  if (context.common.json) context.output.document(resultDocument(result, context.job()));
  else {
    if (result.tree) printRestored(result.tree, context);
    context.output.lines(describeStreams(result));
  }
  return (result.tree?.lossCount ?? 0) > 0 ? exitStatus.incomplete : exitStatus.done;
}

function planDocument({ name, tree, streams }: PlannedRestoreRaw): object {
  return {
    ...labelOf(name),
    ...(tree && {
      tree: { plan: tree.plan, leftOut: tree.leftOut, differences: tree.differences.map(differenceDocument) },
    }),
    streams: streams.map(({ stream, ...place }) => ({ ...place, sizeBytes: stream.sizeBytes })),
  };
}

function describePlan({ name, tree, streams }: PlannedRestoreRaw, call: RestoreCall): string[] {
  return [
    ...(tree ? describeRestorePlan(tree, call) : []),
    ...streams.map(({ name: stream, path, kind, stream: { sizeBytes }, erases }) => {
      const lost = erases.length > 0 ? `, over what is there (${erases.join(", ")})` : "";
      const made = kind === "file" ? "make the file" : "write to";
      return `would ${made} ${path}: the stream ${stream} of ${formatLabel(name)}, ${formatBytes(sizeBytes)}${lost}, and read it back`;
    }),
    ...(streams.some(({ kind }) => kind === "device")
      ? ["`rehome job undo` cannot take back what is written to a device: the first one is the point of no return"]
      : []),
  ];
}

function resultDocument({ name, tree, streams }: RestoredWithStreams, job: unknown): object {
  return { job, ...labelOf(name), ...(tree && { tree: { job, ...restoreDocument(tree) } }), streams };
}

function describeStreams({ name, streams }: RestoredWithStreams): string[] {
  return streams.map(
    ({ name: stream, path, sizeBytes }) =>
      `the stream ${stream} of ${formatLabel(name)} is in ${path}: ${formatBytes(sizeBytes)}, read back and the same`,
  );
}

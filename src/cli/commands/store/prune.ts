import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { pruneAsJob } from "../../../library/jobs/kinds/images/store-jobs.ts";
import { pruneStore } from "../../../library/store/store-care.ts";
import type { PruneResult } from "../../../image/care/prune.ts";
import type { CommandContext } from "../../command-context.ts";
import type { StorePruneCall } from "../../definition/index.ts";
import { objectNoun } from "../../progress/progress-text.ts";
import { countOf, formatBytes } from "../../render/quantities.ts";

/** `rehome store prune`. */
export async function runStorePrune({ dryRun }: StorePruneCall, context: CommandContext): Promise<ExitStatus> {
  const signal = context.interruptible("the prune");
  const result = await (async () => {
    using view = context.startProgress(objectNoun);
    const options = { ...context.store, signal, onProgress: view.onProgress };
    return dryRun ? await pruneStore({ ...options, dryRun }) : await pruneAsJob({ ...options, onJob: context.onJob });
  })();
  if (context.common.json) context.output.document({ job: context.job(), ...result, dryRun });
  else context.output.lines(describePrune(result, dryRun));
  return exitStatus.done;
}

function describePrune(result: PruneResult, dryRun: boolean): string[] {
  const { removedPacks, rewrittenPacks, removedImages, freedBytes, waitingPacks, waitingBytes, waitsFor } = result;
  const { removedSessions, removedLeftovers } = result;
  const images = removedImages > 0 ? `${countOf(removedImages, "image")} and ` : "";
  const rewritten = rewrittenPacks > 0 ? `, ${dryRun ? "write" : "wrote"} ${countOf(rewrittenPacks, "pack")} anew` : "";
  const cleared = removedSessions + removedLeftovers;
  return [
    `${dryRun ? "would remove" : "removed"} ${images}${countOf(removedPacks, "pack")}${rewritten}; ${formatBytes(Math.max(0, freedBytes))} ${dryRun ? "would be freed" : "freed"}`,
    ...(waitingPacks > 0
      ? [`${countOf(waitingPacks, "pack")}, ${formatBytes(waitingBytes)}, go with a prune after these have ended:`]
      : []),
    ...(waitingPacks > 0 ? waitsFor.map((purpose) => `  ${purpose}`) : []),
    ...(cleared > 0 ? [`cleared ${countOf(cleared, "leftover")} of runs that did not end well`] : []),
  ];
}

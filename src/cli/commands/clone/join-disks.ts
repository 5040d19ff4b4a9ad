import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { planCloneJoinDisk, type CloneJoinDiskPlan } from "../../../library/clone/node/disk/plan-join-disk.ts";
import { readSessionToken } from "../../../library/clone/node/session-token.ts";
import { cloneJoinDiskAsJob, type CloneJoinDiskJobOptions } from "../../../library/jobs/kinds/clone/join-disk-job.ts";
import { describeLoss } from "../../../system/restore/describe-loss.ts";
import type { CommandContext } from "../../command-context.ts";
import type { CloneJoinCall } from "../../definition/index.ts";
import { entryNoun } from "../../progress/progress-text.ts";
import { formatBytes, formatDuration } from "../../render/quantities.ts";
import { describePlan } from "../disk/describe-disk-plan.ts";
import { printWarnings } from "../warnings.ts";
import { retriesLine } from "./retries-line.ts";
import { watcherOf } from "./watch-join.ts";

/** `rehome clone join --disk`. */
export async function joinWithDisks(
  joining: Omit<CloneJoinDiskJobOptions, "disks">,
  { disk, dir, layout, luksPassphraseFile, raw, yesErase, yesEraseAll, update, dryRun }: CloneJoinCall,
  context: CommandContext,
): Promise<ExitStatus> {
  const { common, output, messages } = context;
  if (dir !== undefined || common.store !== undefined)
    throw new UsageError("cannot use --disk with --dir or --store", "Join with one target.");
  if (update) throw new UsageError("cannot use --update with --disk", "Mount the older clone, and join with --dir.");
  const options: CloneJoinDiskJobOptions = {
    ...joining,
    disks: disk,
    ...(layout !== undefined && { layout }),
    raw,
    mayErase: yesErase,
    mayEraseAll: yesEraseAll,
    luksPassphraseFiles: luksPassphraseFile,
  };
  if (dryRun) {
    const token = readSessionToken(options.session, options.tokenFile);
    const plan = await planCloneJoinDisk({ ...options, token, onLine: watcherOf(context).onLine });
    if (common.json) output.document(plan);
    else output.lines(describeJoin(plan, output.width));
    return exitStatus.done;
  }
  const signal = context.interruptible("the join");
  const result = await (async () => {
    using view = context.startProgress(entryNoun);
    return await cloneJoinDiskAsJob({ ...options, onProgress: view.onProgress, signal }, watcherOf(context));
  })();
  const { devices, bytes, retries, resumed, losses, lossCount, thenStatus, durationMs } = result;
  if (common.json) output.document({ job: context.job(), session: options.session, ...result });
  else {
    output.lines([
      ...devices.map(({ path }) => `${path} holds the system`),
      `read back and equal to the image before it was prepared: ${formatBytes(bytes)}, in ${formatDuration(durationMs)}`,
      ...retriesLine(retries),
      ...(resumed ? ["went on from where an earlier run had stopped"] : []),
    ]);
    printWarnings(messages, losses.map(describeLoss), lossCount, "--json lists up to a thousand");
  }
  return lossCount > 0 || thenStatus !== 0 ? exitStatus.incomplete : exitStatus.done;
}

/** What would be written where, and lost for it. */
function describeJoin(join: CloneJoinDiskPlan, width: number): string[] {
  const { session, golden, name, image, resumes, targets, firmware, plan, erases, bootRecords, streams } = join;
  const { fromStore, afterwards } = join;
  const lost = Object.entries(erases).filter(([, held]) => held.length > 0);
  return [
    `join session ${session} at ${golden} as ${name}, for image @${image.slice(0, 12)}`,
    ...(resumes ? ["go on with what an earlier join has written"] : []),
    ...targets.map(({ disk, path }) => `${disk} is written to ${path}`),
    ...streams.map(({ name: stream, path }) => `stream ${stream} is written to ${path}`),
    ...(fromStore === undefined ? [] : [`take what ${fromStore} has of the image, and fetch the rest`]),
    ...lost.map(([device, held]) => `erase ${device}, which holds ${held.join(", ")}`),
    "",
    ...describePlan(plan, width),
    "",
    firmware.length > 0 ? `to start with ${firmware.join(" and ")}` : "GRUB is installed for no firmware",
    ...Object.keys(bootRecords).map((disk) => `the boot record of ${disk} is the golden node's`),
    "read all of it back, and prepare it as the golden node says",
    afterwards.kind === "command" ? `run ${afterwards.line}` : afterwards.kind,
  ];
}

import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { keepMountsPrivate } from "../../../library/disk/private-mounts.ts";
import { changeRateOf, doesMount, resumeJob, stopJob, undoJobOf } from "../../../library/jobs/control.ts";
import type { ShownJob } from "../../../library/jobs/look-at-jobs.ts";
import type { CommandContext } from "../../command-context.ts";
import type { JobCall, JobRateCall } from "../../definition/index.ts";
import { entryNoun } from "../../progress/progress-text.ts";
import { formatBytes } from "../../render/quantities.ts";
import { describeNext } from "./describe-job.ts";
import { jobDocument } from "./job-document.ts";

/** `rehome job pause`. */
export async function runJobPause({ id }: JobCall, context: CommandContext): Promise<ExitStatus> {
  return tell(await stopJob(id, "pause"), "paused", context);
}

/** `rehome job cancel`. */
export async function runJobCancel({ id }: JobCall, context: CommandContext): Promise<ExitStatus> {
  return tell(await stopJob(id, "cancel"), "cancelled", context);
}

/** `rehome job resume`. */
export async function runJobResume({ id }: JobCall, context: CommandContext): Promise<ExitStatus> {
  return tell(await goOn(resumeJob, id, context), undefined, context);
}

/** `rehome job undo`. */
export async function runJobUndo({ id }: JobCall, context: CommandContext): Promise<ExitStatus> {
  return tell(await goOn(undoJobOf, id, context), undefined, context);
}

/** `rehome job rate`. */
export async function runJobRate({ id, rate }: JobRateCall, context: CommandContext): Promise<ExitStatus> {
  const job = await changeRateOf(id, rate);
  if (context.common.json) context.output.document(jobDocument(job));
  else {
    const limit = rate === null ? "without a limit" : `at most ${formatBytes(rate)}/s`;
    context.output.line(`job ${job.id} reads ${limit} ${job.state === "running" ? "from now on" : "once it goes on"}`);
  }
  return exitStatus.done;
}

async function goOn(work: typeof resumeJob, id: string, context: CommandContext): Promise<ShownJob> {
  if (await doesMount(id)) keepMountsPrivate();
  const signal = context.interruptible("the job");
  using view = context.startProgress(entryNoun);
  return await work(id, { signal, onProgress: view.onProgress, onJob: context.onJob });
}

/** Tells what became of a job; `wanted` is the state it was to be brought to. */
function tell(job: ShownJob, wanted: string | undefined, { common, output, messages }: CommandContext): ExitStatus {
  if (common.json) output.document(jobDocument(job));
  else {
    output.line(`job ${job.id} is ${job.state}: ${job.title}`);
    if (wanted !== undefined && job.state !== wanted) messages.warn("it ended by itself before it was stopped");
    for (const line of describeNext(job)) messages.detail(line);
  }
  return exitStatus.done;
}

import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { readJobEvents, showJob } from "../../../library/jobs/look-at-jobs.ts";
import type { CommandContext } from "../../command-context.ts";
import type { JobCall } from "../../definition/index.ts";
import { describeEvents, describeJob } from "./describe-job.ts";
import { jobDocument } from "./job-document.ts";

/** `rehome job show`. */
export async function runJobShow({ id }: JobCall, { common, output }: CommandContext): Promise<ExitStatus> {
  const job = await showJob(id);
  const events = common.verbose > 0 ? await readJobEvents(job.id, 0) : undefined;
  if (common.json) output.document(jobDocument(job, events));
  else {
    output.lines(describeJob(job, output.width, Date.now()));
    if (events) output.lines(describeEvents(events, output.width));
  }
  return exitStatus.done;
}

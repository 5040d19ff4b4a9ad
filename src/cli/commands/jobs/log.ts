import { setTimeout as wait } from "node:timers/promises";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { readJobLog, showJob } from "../../../library/jobs/look-at-jobs.ts";
import type { CommandContext } from "../../command-context.ts";
import type { JobLogCall } from "../../definition/index.ts";

const lookEveryMs = 250;

/** `rehome job log`. */
export async function runJobLog({ id, follow }: JobLogCall, { output }: CommandContext): Promise<ExitStatus> {
  const job = await showJob(id);
  let rest = Buffer.alloc(0);
  for (let at = 0; ;) {
    const { bytes, isAtEnd, isRunning } = await readJobLog(job.id, at);
    at += bytes.length;
    rest = Buffer.concat([rest, bytes]);
    // A line that is being written is printed when it is whole.
    const end = rest.lastIndexOf("\n") + 1;
    if (end > 0) output.lines(rest.toString("utf8", 0, end - 1).split("\n"));
    rest = rest.subarray(end);
    if (!isAtEnd) continue;
    output.flush();
    if (!follow || !isRunning) return exitStatus.done;
    await wait(lookEveryMs);
  }
}

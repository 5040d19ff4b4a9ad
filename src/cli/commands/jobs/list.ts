import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { listJobs, type ListedJob } from "../../../library/jobs/list-jobs.ts";
import type { CommandContext } from "../../command-context.ts";
import type { JobListCall } from "../../definition/index.ts";
import { formatStall } from "../../progress/progress-text.ts";
import { formatDuration } from "../../render/quantities.ts";
import { formatTable, type Column } from "../../render/table.ts";
import { listedJobDocument } from "./job-document.ts";

const endedJobs = 20;

/** `rehome job list`. */
export async function runJobList(call: JobListCall, { common, output, messages }: CommandContext): Promise<ExitStatus> {
  const jobs = await listJobs({
    ...(call.all ? {} : { ended: endedJobs }),
    ...(call.kind !== undefined && { kinds: [call.kind] }),
  });
  if (common.json) output.document({ jobs: jobs.map(listedJobDocument) });
  else if (jobs.length === 0)
    messages.remark(call.kind === undefined ? "there are no jobs" : `there are no jobs of kind "${call.kind}"`);
  else output.lines(formatTable(columns(Date.now()), jobs, output.width));
  return exitStatus.done;
}

function columns(nowMs: number): readonly Column<ListedJob>[] {
  return [
    { title: "ID", cell: ({ id }) => id },
    { title: "STATE", cell: ({ state }) => state },
    { title: "KIND", cell: ({ kind }) => kind, dispensable: 1 },
    { title: "TITLE", cell: ({ title }) => title, cuttable: true },
    { title: "PROGRESS", cell: formatShortProgress, cuttable: true },
    { title: "AGE", cell: ({ createdAtMs }) => formatDuration(Math.max(0, nowMs - createdAtMs)), align: "right" },
  ];
}

function formatShortProgress({ progress }: ListedJob): string {
  if (progress === undefined) return "";
  const { percent, phase, stalledMs, waitsFor, etaMs } = progress;
  const left = etaMs === undefined ? "" : `, ${formatDuration(etaMs)} left`;
  const pace =
    stalledMs === undefined ? left : `, ${formatStall({ stalledMs, ...(waitsFor !== undefined && { waitsFor }) })}`;
  return `${percent} %, ${phase}${pace}`;
}

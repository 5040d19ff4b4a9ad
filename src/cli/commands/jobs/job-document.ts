import type { JobEvent } from "../../../engine/journal/journal.ts";
import type { ListedJob } from "../../../library/jobs/list-jobs.ts";
import type { ShownJob } from "../../../library/jobs/look-at-jobs.ts";

/** A job as `rehome job list --json` has it. */
export function listedJobDocument(job: ListedJob): object {
  const { id, kind, title, state, owner, createdAtMs, changedAtMs, progress } = job;
  return {
    id,
    state,
    kind,
    title,
    createdAt: timeOf(createdAtMs),
    changedAt: timeOf(changedAtMs),
    ...(owner && state !== "interrupted" && { owner }),
    ...(progress && { progress }),
  };
}

/** A job as `rehome job show --json` has it. */
export function jobDocument(job: ShownJob, events?: readonly JobEvent[]): object {
  const { checkpoints, planVersion, pointOfNoReturn, result, failure, holdings, next, insteadOfUndo } = job;
  return {
    ...listedJobDocument(job),
    planVersion,
    checkpoints: checkpoints.map(({ name, title, weight, undo, state, startedAtMs, endedAtMs }) => ({
      name,
      title,
      weight,
      undo,
      state,
      ...(startedAtMs !== null && { startedAt: timeOf(startedAtMs) }),
      ...(endedAtMs !== null && { endedAt: timeOf(endedAtMs) }),
    })),
    pointOfNoReturn,
    result,
    failure,
    holdings,
    next,
    ...(insteadOfUndo !== undefined && { insteadOfUndo }),
    log: job.logPath,
    ...(job.evidencePath !== undefined && { evidence: job.evidencePath }),
    ...(events && { events: events.map(({ atMs, ...event }) => ({ ...event, at: timeOf(atMs) })) }),
  };
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** Lists need no part of the operations themselves, so that they are quick. */
import { endedStates, shownState, type JobState, type JobSummary, type ShownState } from "../../engine/job.ts";
import type { JobProgress } from "../../engine/progress/job-progress.ts";
import type { Paths } from "../settings/settings.ts";
import { openEngine, type Engine } from "./engine.ts";

/** A job as lists show it. */
export interface ListedJob extends Omit<JobSummary, "state"> {
  readonly state: ShownState;
  /** The latest, of a job that runs. */
  readonly progress: JobProgress | undefined;
}

/** Where the engine is. */
export interface EngineOptions {
  readonly paths?: Paths;
}

/** Jobs that are not over: somebody runs them, or may go on with them. */
export const openStates: readonly JobState[] = ["queued", "running", "pausing", "paused", "failed", "undoing"];

/** Lists jobs, the newest first: all that did not end, and of those that did the newest `ended` (by default all). */
export async function listJobs(
  options: EngineOptions & { readonly ended?: number; readonly kinds?: readonly string[] } = {},
): Promise<readonly ListedJob[]> {
  await using engine = openEngine(options.paths);
  const { ended, kinds } = options;
  const filter = kinds === undefined ? {} : { kinds };
  const found =
    ended === undefined
      ? await engine.journal.list(filter)
      : [
          ...(await engine.journal.list({ ...filter, states: openStates })),
          ...(await engine.journal.list({ ...filter, states: endedStates, limit: ended })),
        ].toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  return found.map((job) => listedJob(engine, job));
}

/** A job as it is shown now. */
export function listedJob(engine: Engine, job: JobSummary): ListedJob {
  const isOwned = isOwnedNow(engine, job);
  return {
    ...job,
    state: shownState(job.state, isOwned),
    progress: isOwned ? engine.files.readProgress(job.id) : undefined,
  };
}

/** Says whether a process of this host has the job. Jobs without an owner cost nothing. */
export function isOwnedNow(engine: Engine, { id, owner }: Pick<JobSummary, "id" | "owner">): boolean {
  return owner !== null && engine.locks.isLocked(id);
}

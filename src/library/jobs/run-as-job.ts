import { InterruptedError } from "../../core/errors.ts";
import type { OnProgress } from "../../core/progress.ts";
import { createJob, type JobOrder } from "../../engine/run/create-job.ts";
import type { JobKind } from "../../engine/job-kind.ts";
import type { JobId, JobRecord, Json } from "../../engine/job.ts";
import type { EnginePorts } from "../../engine/ports.ts";
import { runJob, type JobOutcome } from "../../engine/run/run-job.ts";
import type { Paths } from "../settings/settings.ts";
import { newJobId, openEngine } from "./engine.ts";
import { JobCancelledError, JobPausedError } from "./errors.ts";

/** How an operation is to run as a job. */
export interface JobOptions {
  readonly paths?: Paths;
  readonly onProgress?: OnProgress;
  /** Aborted to stop at the next safe point; the job is paused then. */
  readonly signal?: AbortSignal;
  /** Told which job it is, before it runs. */
  readonly onJob?: (job: JobId) => void;
}

/**
 * Runs an operation as a job, from its first checkpoint or from where an earlier job with the same parameters stopped.
 *
 * @throws Whatever made it fail. @throws {JobPausedError} @throws {JobCancelledError} @throws {InterruptedError}
 */
export async function runAsJob(
  kind: JobKind,
  order: JobOrder,
  options: JobOptions,
  isSame: IsSameOrder = isEqualOrder,
): Promise<JobRecord> {
  await using engine = openEngine(options.paths);
  const id = (await findUnfinished(engine, kind, order, isSame)) ?? (await createJob(engine, kind, order, newJobId));
  options.onJob?.(id);
  return recordOf(await runJob(engine, kind, id, callbacks(options)));
}

/** Says whether {@link runAsJob} would go on with a job of before. */
export async function hasUnfinished(
  kind: JobKind,
  order: JobOrder,
  paths: Paths,
  isSame: IsSameOrder = isEqualOrder,
): Promise<boolean> {
  await using engine = openEngine(paths);
  return (await findUnfinished(engine, kind, order, isSame)) !== undefined;
}

/** What the engine wants of {@link JobOptions}. */
export function callbacks({ onProgress, signal }: JobOptions): Pick<JobOptions, "onProgress" | "signal"> {
  return { ...(onProgress && { onProgress }), ...(signal && { signal }) };
}

/** What a job keeps of its options: not who watches this run of it, nor where things lie, which is kept by itself. */
export function choicesOf<Options extends JobOptions & { readonly store?: string }>(
  options: Options,
): Omit<Options, keyof JobOptions | "store"> {
  const { onProgress: _onProgress, signal: _signal, onJob: _onJob, paths: _paths, store: _store, ...choices } = options;
  return choices;
}

/** The job as it ended. @throws {JobPausedError} @throws {JobCancelledError} @throws {InterruptedError} @throws What made it fail. */
export function recordOf({ job, error, wasInterrupted }: JobOutcome): JobRecord {
  if (wasInterrupted) throw new InterruptedError(`job ${job.id} (${job.title})`);
  if (job.state === "paused") throw new JobPausedError(job.id);
  if (job.state === "cancelled") throw new JobCancelledError(job.id);
  if (job.state === "failed") throw error;
  return job;
}

/** Whether a job was to do just what is ordered now, so that it is gone on with. */
export type IsSameOrder = (job: JobRecord, order: JobOrder) => boolean;

const isEqualOrder: IsSameOrder = (job, order) =>
  isEqual(job.parameters, order.parameters) && isEqual(job.plan, order.plan);

/** A job of before that was to do just this and did not end: the same command again goes on with it. */
async function findUnfinished(
  { journal, locks }: EnginePorts,
  kind: JobKind,
  order: JobOrder,
  isSame: IsSameOrder,
): Promise<JobId | undefined> {
  const unfinished = await journal.list({ kinds: [kind.kind], states: ["running", "pausing", "paused", "failed"] });
  for (const { id } of unfinished) {
    const job = await journal.read(id);
    if (job?.planVersion === kind.planVersion && isSame(job, order) && !locks.isLocked(id)) return id;
  }
  return undefined;
}

/** Whether two values are the same once they are written. */
export function isEqual(a: Json, b: Json): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

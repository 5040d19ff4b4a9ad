import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { JobBusyError } from "../../engine/errors.ts";
import { findJob } from "../../engine/run/find-job.ts";
import {
  shownState,
  type JobId,
  type JobRecord,
  type JobState,
  type JobSummary,
  type ShownState,
} from "../../engine/job.ts";
import type { Holding, JobEvent } from "../../engine/journal/journal.ts";
import type { JobProgress } from "../../engine/progress/job-progress.ts";
import { runJob } from "../../engine/run/run-job.ts";
import { assertTransition } from "../../engine/transitions.ts";
import { pointOfNoReturn, undoJob } from "../../engine/run/undo-job.ts";
import { jobFileNames } from "../../host/jobs/job-files.ts";
import type { Paths } from "../settings.ts";
import { openEngine, type Engine } from "./engine.ts";
import { kindOf } from "./job-kinds.ts";
import { callbacks, recordOf, type JobOptions } from "./run-as-job.ts";

/** A job as lists show it. */
export interface ListedJob extends Omit<JobSummary, "state"> {
  readonly state: ShownState;
  /** The latest, of a job that runs. */
  readonly progress: JobProgress | undefined;
}

/** A job as it is shown alone. */
export interface ShownJob extends Omit<JobRecord, "state"> {
  readonly state: ShownState;
  readonly progress: JobProgress | undefined;
  readonly events: readonly JobEvent[];
  readonly holdings: readonly Holding[];
  /** The checkpoint that keeps it from being undone, if one does. */
  readonly pointOfNoReturn: string | undefined;
  /** Files it leaves: absolute paths of those that are there. */
  readonly logPath: string;
  readonly evidencePath: string | undefined;
}

/** Where the engine is. */
export interface EngineOptions {
  readonly paths?: Paths;
}

const endedStates: ReadonlySet<JobState> = new Set(["done", "undone", "cancelled"]);

/** Lists jobs, the newest first. `limit` counts those that have ended; all others are always listed. */
export async function listJobs(
  options: EngineOptions & { readonly limit?: number; readonly kinds?: readonly string[] } = {},
): Promise<readonly ListedJob[]> {
  await using engine = openEngine(options.paths);
  const { limit, kinds } = options;
  const jobs = await engine.journal.list({ ...(kinds && { kinds }), ...(limit !== undefined && { limit }) });
  const last = jobs.at(-1);
  const open =
    limit === undefined || jobs.length < limit
      ? []
      : await engine.journal.list({ ...(kinds && { kinds }), states: openStates });
  const older = open.filter(
    ({ id, createdAtMs }) =>
      last !== undefined && createdAtMs <= last.createdAtMs && !jobs.some((job) => job.id === id),
  );
  return [...jobs, ...older].map((job) => listed(engine, job));
}

const openStates: readonly JobState[] = ["queued", "running", "pausing", "paused", "failed", "undoing"];

function listed(engine: Engine, job: JobSummary): ListedJob {
  const isOwned = isOwnedNow(engine, job);
  return {
    ...job,
    state: shownState(job.state, isOwned),
    progress: isOwned ? engine.files.readProgress(job.id) : undefined,
  };
}

function isOwnedNow(engine: Engine, { id, state, owner }: Pick<JobSummary, "id" | "state" | "owner">): boolean {
  if (endedStates.has(state) || owner === null) return false;
  return engine.locks.isLocked(id);
}

/** Shows one job, named by the first digits of its id. @throws {JobNotFoundError} */
export async function showJob(text: string, options: EngineOptions = {}): Promise<ShownJob> {
  await using engine = openEngine(options.paths);
  const job = await findJob(engine.journal, text);
  const directory = engine.files.directoryOf(job.id);
  const evidencePath = join(directory, jobFileNames.evidence);
  return {
    ...job,
    ...listed(engine, job),
    events: await engine.journal.events(job.id, 0, 10_000),
    holdings: await engine.journal.holdings(job.id),
    pointOfNoReturn: pointOfNoReturn(job)?.name,
    logPath: join(directory, jobFileNames.log),
    evidencePath: existsSync(evidencePath) ? evidencePath : undefined,
  };
}

/** Reads a job's log from a byte on, and says whether more may come. @throws {JobNotFoundError} */
export async function readJobLog(
  text: string,
  fromByte: number,
  options: EngineOptions = {},
): Promise<{ readonly text: string; readonly nextByte: number; readonly isRunning: boolean }> {
  await using engine = openEngine(options.paths);
  const job = await findJob(engine.journal, text);
  const isRunning = isOwnedNow(engine, job);
  const path = join(engine.files.directoryOf(job.id), jobFileNames.log);
  const log = existsSync(path) ? readFileSync(path).subarray(fromByte) : Buffer.alloc(0);
  return { text: log.toString("utf8"), nextByte: fromByte + log.length, isRunning };
}

/** Asks a running job to pause or cancel, or gives it another rate (null: none). @throws {JobNotFoundError} @throws {TransitionError} */
export async function requestOfJob(
  text: string,
  request: { readonly stop?: "pause" | "cancel"; readonly rateBytesPerSecond?: number | null },
  options: EngineOptions = {},
): Promise<JobRecord> {
  await using engine = openEngine(options.paths);
  const { journal, clock } = engine;
  const job = await findJob(journal, text);
  const isOwned = isOwnedNow(engine, job);
  if (request.stop !== undefined)
    assertTransition(job.id, job.state, request.stop === "pause" ? "pausing" : "cancelled");
  if (request.stop === "cancel" && !isOwned) {
    // Nobody runs it: nobody else has to agree.
    await journal.write(job.id, job.epoch, { state: "cancelled", atMs: clock.nowMs() });
  } else await journal.request(job.id, request, clock.nowMs());
  return job;
}

/** Goes on with a job that was paused, failed or was interrupted, an undo included. @throws {JobBusyError} @throws {TransitionError} And whatever makes it fail. */
export async function resumeJob(text: string, options: EngineOptions & JobOptions = {}): Promise<JobRecord> {
  await using engine = openEngine(options.paths);
  const job = await findJob(engine.journal, text);
  options.onJob?.(job.id);
  const run =
    job.state === "undoing"
      ? undoJob(engine, kindOf(job), job, callbacks(options))
      : runJob(engine, kindOf(job), job.id, callbacks(options));
  return recordOf(await run);
}

/** Takes back what a job did. @throws {UndoRefusedError} @throws {JobBusyError} @throws {TransitionError} And whatever makes it fail. */
export async function undoJobOf(text: string, options: EngineOptions & JobOptions = {}): Promise<JobRecord> {
  await using engine = openEngine(options.paths);
  const job = await findJob(engine.journal, text);
  if (isOwnedNow(engine, job)) throw new JobBusyError(job.id, `process ${job.owner?.pid}`);
  assertTransition(job.id, job.state, "undoing");
  options.onJob?.(job.id);
  return recordOf(await undoJob(engine, kindOf(job), job, callbacks(options)));
}

/** What a dead process left: a job to go on with or to take back, and what it holds on this host. */
export interface Leftover {
  readonly job: JobId;
  readonly title: string;
  readonly state: ShownState;
  readonly holdings: readonly Holding[];
  /** What can be done: the names of `rehome job` commands. */
  readonly offers: readonly ("resume" | "undo")[];
}

/** Lists what dead processes left on this host. Changes nothing. */
export async function findLeftovers(options: EngineOptions = {}): Promise<readonly Leftover[]> {
  await using engine = openEngine(options.paths);
  const { journal } = engine;
  const held = new Set((await journal.holdings()).map(({ job }) => job));
  const jobs = await journal.list({ states: [...openStates, "cancelled", "done", "undone"] });
  const leftovers: Leftover[] = [];
  for (const summary of jobs) {
    const state = shownState(summary.state, isOwnedNow(engine, summary));
    if (state !== "interrupted" && !held.has(summary.id)) continue;
    const job = await journal.read(summary.id);
    if (job === undefined || (state !== "interrupted" && isOwnedNow(engine, summary))) continue;
    leftovers.push({
      job: job.id,
      title: job.title,
      state,
      holdings: await journal.holdings(job.id),
      offers: pointOfNoReturn(job) ? ["resume"] : ["resume", "undo"],
    });
  }
  return leftovers;
}

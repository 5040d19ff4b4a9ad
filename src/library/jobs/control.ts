import { setTimeout as wait } from "node:timers/promises";
import { JobBusyError, TimedOutError, TransitionError } from "../../engine/errors.ts";
import { shownState, type JobRecord, type JobState } from "../../engine/job.ts";
import { findJob } from "../../engine/run/find-job.ts";
import { runJob } from "../../engine/run/run-job.ts";
import { undoJob } from "../../engine/run/undo-job.ts";
import { assertTransition } from "../../engine/transitions.ts";
import { openEngine, type Engine } from "./engine.ts";
import { findKind, kindOf } from "./kinds/job-kinds.ts";
import { isOwnedNow, type EngineOptions } from "./list-jobs.ts";
import { describeJob, type ShownJob } from "./look-at-jobs.ts";
import { callbacks, recordOf, type JobOptions } from "./run-as-job.ts";

/** A job comes to its next safe point within so long, unless something hangs. */
const patienceMs = 10_000;
const lookEveryMs = 100;

/** How long to wait for the job. */
export interface StopOptions extends EngineOptions {
  /** Default: 10,000. */
  readonly patienceMs?: number;
}

/**
 * Asks the process that runs a job to stop it at its next safe point, and waits until it has. A job that nobody runs is
 * cancelled at once.
 *
 * Returns the job as it is then; it may have ended by itself before it was stopped.
 *
 * @throws {TimedOutError} If it has not stopped in time; it will, unless it hangs.
 * @throws {JobNotFoundError} @throws {TransitionError} If its state does not allow it.
 */
export async function stopJob(text: string, stop: "pause" | "cancel", options: StopOptions = {}): Promise<ShownJob> {
  await using engine = openEngine(options.paths);
  const { journal, clock } = engine;
  const job = await findJob(journal, text);
  const isOwned = isOwnedNow(engine, job);
  const wanted: JobState = stop === "pause" ? "pausing" : "cancelled";
  assertTransition(job.id, job.state, wanted);
  if (isOwned) await journal.request(job.id, { stop }, clock.nowMs());
  else if (stop === "cancel") await cancelUnowned(engine, job);
  else throw new TransitionError(job.id, shownState(job.state, false), wanted);
  const limitMs = options.patienceMs ?? patienceMs;
  const until = performance.now() + limitMs;
  for (;;) {
    const now = (await journal.read(job.id)) ?? job;
    if (!isOwnedNow(engine, now)) return await describeJob(engine, now);
    if (performance.now() > until) throw new TimedOutError(`waiting for job ${job.id} to ${stop}`, limitMs);
    await wait(lookEveryMs);
  }
}

/** Nobody runs it, so nobody else has to agree; the lock keeps others from taking it meanwhile. */
async function cancelUnowned({ journal, locks, clock }: Engine, { id }: JobRecord): Promise<void> {
  using lock = locks.tryLock(id);
  const job = await journal.read(id);
  if (lock === undefined || job === undefined) throw new JobBusyError(id, "another process, which has just taken it,");
  await journal.write(id, job.epoch, { state: "cancelled", atMs: clock.nowMs() });
}

/**
 * Gives a job another rate in bytes a second; null lifts it. A running job heeds it within two seconds.
 *
 * @throws {JobNotFoundError} @throws {TransitionError} If it has ended, or takes no rate.
 */
export async function changeRateOf(
  text: string,
  rateBytesPerSecond: number | null,
  options: EngineOptions = {},
): Promise<ShownJob> {
  await using engine = openEngine(options.paths);
  const job = await findJob(engine.journal, text);
  const shown = await describeJob(engine, job);
  const canGoOn = shown.next.includes("rate") || shown.next.includes("resume");
  if (kindOf(job).hasRate !== true || !canGoOn) throw new TransitionError(job.id, shown.state, "throttled");
  await engine.journal.request(job.id, { rateBytesPerSecond }, engine.clock.nowMs());
  return await describeJob(engine, (await engine.journal.read(job.id)) ?? job);
}

/** Whether a job mounts file systems when it goes on or is undone. @throws {JobNotFoundError} */
export async function doesMount(text: string, options: EngineOptions = {}): Promise<boolean> {
  await using engine = openEngine(options.paths);
  return findKind(await findJob(engine.journal, text))?.mounts === true;
}

/** Goes on with a job that was paused, failed or was interrupted, an undo included. @throws {JobBusyError} @throws {TransitionError} And whatever makes it fail. */
export async function resumeJob(text: string, options: EngineOptions & JobOptions = {}): Promise<ShownJob> {
  await using engine = openEngine(options.paths);
  const job = await findJob(engine.journal, text);
  const kind = kindOf(job);
  assertTransition(job.id, job.state, job.state === "undoing" ? "undoing" : "running");
  options.onJob?.(job.id);
  const run =
    job.state === "undoing"
      ? undoJob(engine, kind, job, callbacks(options))
      : runJob(engine, kind, job.id, callbacks(options));
  return await describeJob(engine, recordOf(await run));
}

/** Takes back what a job did. @throws {UndoRefusedError} @throws {JobBusyError} @throws {TransitionError} And whatever makes it fail. */
export async function undoJobOf(text: string, options: EngineOptions & JobOptions = {}): Promise<ShownJob> {
  await using engine = openEngine(options.paths);
  const job = await findJob(engine.journal, text);
  if (isOwnedNow(engine, job)) throw new JobBusyError(job.id, `process ${job.owner?.pid}`);
  assertTransition(job.id, job.state, "undoing");
  options.onJob?.(job.id);
  return await describeJob(engine, recordOf(await undoJob(engine, kindOf(job), job, callbacks(options))));
}

import { crashPoint } from "../../core/crash-points.ts";
import type { OnProgress } from "../../core/progress.ts";
import { makeContext, type ContextParts } from "./checkpoint-context.ts";
import { failureOf } from "../failure-of.ts";
import { JobNotFoundError } from "../errors.ts";
import { checkpointsOf } from "./find-job.ts";
import type { Checkpoint, JobKind } from "../job-kind.ts";
import type { JobId, JobRecord, Json } from "../job.ts";
import { JobSession, JobStop } from "./job-session.ts";
import type { EnginePorts } from "../ports.ts";
import { ProgressMeter } from "../progress/job-progress.ts";
import { publishProgress } from "../progress/publish-progress.ts";
import { recordEnd } from "./record-end.ts";
import { runWithin } from "./run-within.ts";
import { takeDownHoldings } from "./take-down-holdings.ts";

/** How a job is to be run. */
export interface RunOptions {
  readonly onProgress?: OnProgress;
  /** Aborted to stop the job at its next safe point; it is paused then. */
  readonly signal?: AbortSignal;
}

/** How a run of a job ended. */
export interface JobOutcome {
  readonly job: JobRecord;
  /** What made it fail, as it was thrown. */
  readonly error?: unknown;
  /** It was stopped from inside this process (Ctrl-C), not by a request. */
  readonly wasInterrupted: boolean;
}

/**
 * Runs a job from its first checkpoint that is not done, to its end or until it is told to stop.
 *
 * Every change of a checkpoint's state is journalled before and after it happens; after a kill at any moment the same call goes on.
 * A failing checkpoint leaves everything in place. The outcome tells of failures; only what keeps the job from running at all is thrown.
 *
 * @throws {JobBusyError} @throws {JobNotFoundError} @throws {JobUnknownError} @throws {TransitionError}
 */
export async function runJob(
  ports: EnginePorts,
  kind: JobKind,
  id: JobId,
  options: RunOptions = {},
): Promise<JobOutcome> {
  const found = await ports.journal.read(id);
  if (found === undefined) throw new JobNotFoundError(id, []);
  const checkpoints = checkpointsOf(found, kind);
  const [taken, job] = await JobSession.take(ports, id, "running");
  await using session = taken;
  using _stopping = session.stopOn(options.signal);
  const { onProgress = () => undefined } = options;
  return await runCheckpoints({ ports, kind, checkpoints, session, job, onProgress });
}

/** A job in the hands of this process, with all that going forward or back needs. */
export interface Run {
  readonly ports: EnginePorts;
  readonly kind: JobKind;
  readonly checkpoints: readonly Checkpoint[];
  readonly session: JobSession;
  readonly job: JobRecord;
  readonly onProgress: OnProgress;
}

async function runCheckpoints(run: Run): Promise<JobOutcome> {
  const { ports, kind, checkpoints, session, job, onProgress } = run;
  const meter = new ProgressMeter(job.id, job.checkpoints);
  using _publishing = publishProgress(ports, job.id, meter);
  const results = new Map<string, Json>();
  const failures: { readonly error: unknown; readonly checkpoint: string }[] = [];
  try {
    await takeDownHoldings(ports, session);
    await using _held = await kind.hold?.(job);
    await using kept = new AsyncDisposableStack();
    let mayPause = session.takenFrom !== "paused";
    for (const [index, checkpoint] of checkpoints.entries()) {
      const record = job.checkpoints[index];
      if (record?.state === "done") {
        results.set(checkpoint.name, record.result);
        continue;
      }
      if (mayPause && record?.state === "pending" && checkpoint.name === kind.pauseBefore?.(job))
        session.stop(new JobStop("pause"));
      mayPause = true;
      if (session.signal.aborted) break;
      onProgress(meter.begin(index, checkpoint.name));
      try {
        results.set(checkpoint.name, await runOne(run, { meter, results, kept }, checkpoint, index));
      } catch (error) {
        if (session.signal.aborted) break;
        failures.push({ error, checkpoint: checkpoint.name });
        await session.write({ checkpoint: { index, state: "failed", endedAtMs: ports.clock.nowMs() } });
        if (kind.goesOnAfterFailure?.(job) !== true) break;
      }
    }
  } catch (error) {
    failures.push({ error, checkpoint: "" });
  }
  return await endRun(run, results, failures);
}

async function runOne(
  { ports, session, job, onProgress }: Run,
  shared: Pick<ContextParts, "meter" | "results" | "kept">,
  checkpoint: Checkpoint,
  index: number,
): Promise<Json> {
  const { name, title, timeoutMs } = checkpoint;
  const startedAtMs = ports.clock.nowMs();
  await session.write({ checkpoint: { index, state: "running", startedAtMs, endedAtMs: null } });
  crashPoint(`job.${name}.begun`);
  ports.files.appendLog(job.id, `${name}: ${title}`);
  const cursor = job.checkpoints[index]?.cursor ?? null;
  const result = await runWithin(
    { what: `checkpoint "${name}"`, timeoutMs, signal: session.signal, onAbandon: () => session.keepLock() },
    (signal) => checkpoint.run(makeContext({ ports, session, index, cursor, ...shared, onProgress, signal })),
  );
  crashPoint(`job.${name}.ran`);
  await session.write({ checkpoint: { index, state: "done", result, endedAtMs: ports.clock.nowMs() } });
  ports.files.appendLog(job.id, `${name}: done in ${((ports.clock.nowMs() - startedAtMs) / 1000).toFixed(1)} s`);
  crashPoint(`job.${name}.done`);
  return result;
}

/** Writes what became of the job. A job that was lost to another process is left to it. */
async function endRun(
  { ports, session, job }: Run,
  results: ReadonlyMap<string, Json>,
  failures: readonly { readonly error: unknown; readonly checkpoint: string }[],
): Promise<JobOutcome> {
  const [first] = failures;
  const reason: unknown = session.signal.reason;
  const isComplete = job.checkpoints.every(({ name }) => results.has(name));
  const wasInterrupted = reason instanceof JobStop && reason.why === "interrupt";
  if (session.signal.aborted && !(reason instanceof JobStop)) throw reason;
  if (isComplete) {
    const result = [...results.values()].findLast((value) => value !== null) ?? null;
    return { job: await recordEnd(ports, session, { state: "done", result }), wasInterrupted: false };
  }
  if (reason instanceof JobStop && first === undefined) {
    const state = reason.why === "cancel" ? "cancelled" : "paused";
    return { job: await recordEnd(ports, session, { state }), wasInterrupted };
  }
  const failure = failureOf(first?.error, first === undefined || first.checkpoint === "" ? null : first.checkpoint);
  return { job: await recordEnd(ports, session, { state: "failed", failure }), error: first?.error, wasInterrupted };
}

import { crashPoint } from "../../core/crash-points.ts";
import { makeContext } from "./checkpoint-context.ts";
import { UndoRefusedError } from "../errors.ts";
import { failureOf } from "../failure-of.ts";
import { checkpointsOf } from "./find-job.ts";
import type { JobKind } from "../job-kind.ts";
import { JobSession, JobStop } from "./job-session.ts";
import type { CheckpointRecord, JobRecord, Json } from "../job.ts";
import type { EnginePorts } from "../ports.ts";
import { ProgressMeter } from "../progress/job-progress.ts";
import { publishProgress } from "../progress/publish-progress.ts";
import { recordEnd } from "./record-end.ts";
import type { JobOutcome, Run, RunOptions } from "./run-job.ts";
import { takeDownHoldings } from "./take-down-holdings.ts";

/** The first checkpoint that was begun and cannot be taken back; undefined if the job can be undone. */
export function pointOfNoReturn(job: Pick<JobRecord, "checkpoints">): CheckpointRecord | undefined {
  return job.checkpoints.find(({ undo, state }) => undo === "none" && wasBegun(state));
}

/**
 * Takes back all that a job did, the last checkpoint first. After a kill at any moment the same call goes on.
 *
 * @throws {UndoRefusedError} If it is past its point of no return, before anything was changed.
 * @throws {JobBusyError} @throws {JobNotFoundError} @throws {JobUnknownError} @throws {TransitionError}
 */
export async function undoJob(
  ports: EnginePorts,
  kind: JobKind,
  job: JobRecord,
  options: RunOptions = {},
): Promise<JobOutcome> {
  const checkpoints = checkpointsOf(job, kind);
  const barrier = pointOfNoReturn(job);
  if (barrier)
    throw new UndoRefusedError(
      job.id,
      `checkpoint "${barrier.name}" was begun and cannot be taken back`,
      kind.insteadOfUndo(job),
    );
  const [taken, record] = await JobSession.take(ports, job.id, "undoing");
  await using session = taken;
  using _stopping = session.stopOn(options.signal);
  const { onProgress = () => undefined } = options;
  return await takeBackAll({ ports, kind, checkpoints, session, job: record, onProgress });
}

async function takeBackAll({ ports, kind, checkpoints, session, job, onProgress }: Run): Promise<JobOutcome> {
  const begun = checkpoints
    .flatMap((checkpoint, index) => {
      const record = job.checkpoints[index];
      return record !== undefined && wasBegun(record.state) ? [{ checkpoint, index, record }] : [];
    })
    .toReversed();
  const results = new Map<string, Json>(begun.map(({ record }) => [record.name, record.result]));
  const meter = new ProgressMeter(
    job.id,
    begun.map(({ record }) => record),
  );
  using _publishing = publishProgress(ports, job.id, meter);
  let at: string | null = null;
  try {
    await takeDownHoldings(ports, session);
    await using _held = await kind.hold?.(job);
    await using kept = new AsyncDisposableStack();
    for (const [position, { checkpoint, index, record }] of begun.entries()) {
      at = checkpoint.name;
      session.signal.throwIfAborted();
      onProgress(meter.begin(position, checkpoint.name));
      // From here on it is not done any more, whatever becomes of this: whoever goes forward again runs it anew.
      await session.write({ checkpoint: { index, state: "undoing" } });
      crashPoint(`job.${checkpoint.name}.undoing`);
      ports.files.appendLog(job.id, `${checkpoint.name}: take it back`);
      const { cursor } = record;
      const context = { ports, session, index, cursor, results, meter, onProgress, kept };
      await checkpoint.takeBack?.(makeContext({ ...context, signal: session.signal }));
      crashPoint(`job.${checkpoint.name}.taken-back`);
      await session.write({ checkpoint: { index, state: "undone", cursor: null, result: null } });
      crashPoint(`job.${checkpoint.name}.undone`);
    }
  } catch (error) {
    const { reason } = session.signal;
    // Left as `undoing` without an owner: whoever resumes it goes on.
    if (session.signal.aborted && !(reason instanceof JobStop)) throw reason;
    if (session.signal.aborted) return { job: { ...job, owner: null }, wasInterrupted: true };
    return {
      job: await recordEnd(ports, session, { state: "failed", failure: failureOf(error, at) }),
      error,
      wasInterrupted: false,
    };
  }
  return { job: await recordEnd(ports, session, { state: "undone" }), wasInterrupted: false };
}

function wasBegun(state: CheckpointRecord["state"]): boolean {
  return state !== "pending" && state !== "undone";
}

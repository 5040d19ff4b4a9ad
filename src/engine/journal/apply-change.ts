import type { CheckpointRecord, JobRecord, JobRequest, Json, NewJob } from "../job.ts";
import { assertTransition } from "../transitions.ts";
import type { JobChange, JobClaim, JobEvent } from "./journal.ts";

/** An event that has no number yet. */
export type NewEvent = Omit<JobEvent, "number">;

/** A record with what happened to it. */
export interface Applied {
  readonly job: JobRecord;
  readonly events: readonly NewEvent[];
}

/** The record of a job that was just added. */
export function applyAdd(job: NewJob): Applied {
  const checkpoints = job.checkpoints.map((checkpoint): CheckpointRecord => ({
    ...checkpoint,
    state: "pending",
    cursor: null,
    result: null,
    startedAtMs: null,
    endedAtMs: null,
  }));
  return {
    job: {
      ...job,
      checkpoints,
      state: "queued",
      owner: null,
      changedAtMs: job.createdAtMs,
      epoch: 0,
      leaseUntilMs: 0,
      request: { stop: null },
      result: null,
      failure: null,
    },
    events: [{ atMs: job.createdAtMs, kind: "created", facts: { kind: job.kind, title: job.title } }],
  };
}

/** What a claim makes of a job. @throws {TransitionError} */
export function applyClaim(job: JobRecord, { state, owner, leaseUntilMs, atMs }: JobClaim): Applied {
  assertTransition(job.id, job.state, state);
  const epoch = job.epoch + 1;
  return {
    job: {
      ...job,
      state,
      owner,
      leaseUntilMs,
      epoch,
      changedAtMs: atMs,
      request: { ...job.request, stop: null },
      failure: null,
    },
    events: [{ atMs, kind: "state", facts: { state, epoch, host: owner.host, pid: owner.pid } }],
  };
}

/** What an owner's write makes of a job. @throws {TransitionError} */
export function applyChange(job: JobRecord, change: JobChange): Applied {
  const { atMs, state, checkpoint, result, failure, hold, release, event } = change;
  if (state !== undefined) assertTransition(job.id, job.state, state);
  const ends = state !== undefined && !["running", "pausing", "undoing"].includes(state);
  const events: NewEvent[] = [];
  const tell = (kind: string, facts: Json): void => {
    events.push({ atMs, kind, facts });
  };
  const name = checkpoint === undefined ? undefined : job.checkpoints[checkpoint.index]?.name;
  if (checkpoint?.state !== undefined && name !== undefined)
    tell("checkpoint", { checkpoint: name, state: checkpoint.state });
  if (hold) tell("hold", { ...hold });
  if (release) tell("release", { ...release });
  if (event) tell(event.kind, event.facts);
  if (state !== undefined) tell("state", { state, ...(failure && { code: failure.code, message: failure.message }) });
  return {
    job: {
      ...job,
      ...(state !== undefined && { state, changedAtMs: atMs }),
      ...(ends && { owner: null, leaseUntilMs: 0 }),
      ...(result !== undefined && { result }),
      ...(failure !== undefined && { failure }),
      checkpoints: job.checkpoints.map((before, index) => {
        if (index !== checkpoint?.index) return before;
        const { index: _, ...changed } = checkpoint;
        return { ...before, ...changed };
      }),
    },
    events,
  };
}

/** What a request of somebody else makes of a job. */
export function applyRequest(job: JobRecord, request: Partial<JobRequest>, atMs: number): Applied {
  return {
    job: { ...job, request: { ...job.request, ...request } },
    events: [{ atMs, kind: "request", facts: { ...request } }],
  };
}

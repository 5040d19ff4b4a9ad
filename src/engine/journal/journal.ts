import type {
  CheckpointRecord,
  JobFailure,
  JobId,
  JobOwner,
  JobRecord,
  JobRequest,
  JobState,
  JobSummary,
  Json,
  NewJob,
} from "../job.ts";

/** What one write of a job's owner changes; all of it holds at once or nothing. */
export interface JobChange {
  readonly atMs: number;
  readonly state?: JobState;
  readonly checkpoint?: { readonly index: number } & Partial<
    Pick<CheckpointRecord, "state" | "cursor" | "result" | "startedAtMs" | "endedAtMs">
  >;
  readonly result?: Json;
  readonly failure?: JobFailure | null;
  /** Something the owner made that outlives its death (a mount, a loop device): journalled before it is made. */
  readonly hold?: Holding;
  /** It is gone again. */
  readonly release?: Holding;
  /** Also told as an event. */
  readonly event?: { readonly kind: string; readonly facts: Json };
}

/** Something on a host that has to be taken down when its job ends, whatever way it ends. */
export interface Holding {
  /** `mount`, `loop-device`, `process-group`, … */
  readonly kind: string;
  readonly what: string;
}

/** A durable, numbered record of what happened to a job. */
export interface JobEvent {
  /** Grows without gaps in one job, from 1. */
  readonly number: number;
  readonly atMs: number;
  /** `created`, `state`, `checkpoint`, `request`, `rate`, `hold`, `release`, or a kind of the operation's own. */
  readonly kind: string;
  readonly facts: Json;
}

/** Who takes a job over, and for how long without renewing. */
export interface JobClaim {
  /** The epoch that the job had when it was looked at; the claim fails when it has moved. */
  readonly epoch: number;
  readonly state: "running" | "undoing";
  readonly owner: JobOwner;
  readonly leaseUntilMs: number;
  readonly atMs: number;
}

/** What a list of jobs is limited to. */
export interface JobFilter {
  readonly states?: readonly JobState[];
  readonly kinds?: readonly string[];
  /** Newest first, at most so many. */
  readonly limit?: number;
}

/** What an owner has to know from time to time. */
export interface JobSignals {
  readonly epoch: number;
  readonly request: JobRequest;
  readonly leaseUntilMs: number;
}

/**
 * The record of all jobs. What a method has written when its promise is fulfilled survives a kill and a power loss.
 *
 * Invariants: a job's epoch never falls; a write with another epoch than the job's changes nothing; the events of a job are numbered
 * without gaps, in the order they were written. Any number of processes may use one journal at once.
 */
export interface Journal extends AsyncDisposable {
  /** Adds a job as `queued`, at epoch 0. False if the id is taken; nothing is changed then. */
  add(job: NewJob): Promise<boolean>;
  /** The job, or undefined. */
  read(id: JobId): Promise<JobRecord | undefined>;
  /** Ids that begin with `prefix`, at most ten, in order. */
  find(prefix: string): Promise<readonly JobId[]>;
  /** Jobs, the newest first. */
  list(filter: JobFilter): Promise<readonly JobSummary[]>;
  /**
   * Makes `claim.owner` the owner, at the next epoch, forgets requests to stop, and returns the job; undefined if the epoch is another by now.
   *
   * @throws {TransitionError} If the job's state does not allow it.
   */
  claim(id: JobId, claim: JobClaim): Promise<JobRecord | undefined>;
  /** Of the owner; or of anybody for a job without one. @throws {JobLostError} If the job is not at `epoch`. @throws {TransitionError} If the state must not follow. */
  write(id: JobId, epoch: number, change: JobChange): Promise<void>;
  /** @throws {JobLostError} If the job is not at `epoch`. */
  renew(id: JobId, epoch: number, leaseUntilMs: number): Promise<void>;
  /** What the owner has to know; undefined if there is no such job. */
  signals(id: JobId): Promise<JobSignals | undefined>;
  /** Asks the owner for something; what is asked later replaces what was before, key by key. False if there is no such job. */
  request(id: JobId, request: Partial<JobRequest>, atMs: number): Promise<boolean>;
  /** Events after a number, in order. */
  events(id: JobId, after: number, limit: number): Promise<readonly JobEvent[]>;
  /** What jobs hold on this host, of one job or of all. */
  holdings(id?: JobId): Promise<readonly (Holding & { readonly job: JobId })[]>;
  /** Forgets events from before, of jobs that have ended by then. Returns how many. */
  forgetEvents(beforeMs: number): Promise<number>;
  /**
   * Forgets up to `limit` jobs that ended (`done`, `undone`, `cancelled`) before, the longest ended first, with all that is
   * known of them; those that hold something stay. Returns which.
   */
  forgetJobs(beforeMs: number, limit: number): Promise<readonly JobId[]>;
}

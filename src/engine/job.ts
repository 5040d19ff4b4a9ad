import type { Tagged } from "../core/tagged.ts";

/** Name of a job on this host: 8 lower-case hex digits. */
export type JobId = Tagged<string, "JobId">;

/** What a job can be in. `interrupted` is not among them: nobody writes it, it is derived (see {@link shownState}). */
export type JobState =
  | "queued"
  | "running"
  | "pausing"
  | "paused"
  | "failed"
  | "cancelled"
  | "undoing"
  | "undone"
  | "done";

/** States in which nothing is left to do, nor expected of anybody. */
export const endedStates: readonly JobState[] = ["done", "undone", "cancelled"];

/** What people and scripts see: the state, or that its owner died in it. */
export type ShownState = JobState | "interrupted";

/** A value that JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * How what a checkpoint did is taken back: it `removes` what it made, or `puts back` what was there, or there is no way
 * (`none`): the first such checkpoint that was begun is the point of no return.
 */
export type UndoWay = "removes" | "puts back" | "none";

/** One named unit of a job, as the journal knows it. */
export interface CheckpointRecord {
  readonly name: string;
  /** What it does, for people: an order. */
  readonly title: string;
  /** Its share of the whole job's time, above 0, against the other checkpoints'. */
  readonly weight: number;
  readonly undo: UndoWay;
  readonly state: "pending" | "running" | "done" | "failed" | "undoing" | "undone";
  /** How far it came, in its own words; it goes on from there. */
  readonly cursor: Json;
  readonly result: Json;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
}

/** Who runs a job. */
export interface JobOwner {
  readonly host: string;
  readonly pid: number;
}

/** A failure as it is kept and shown. */
export interface JobFailure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly checkpoint: string | null;
}

/** What somebody else wants of a running job. */
export interface JobRequest {
  /** Stop at the next safe point, to go on later or not. */
  readonly stop: "pause" | "cancel" | null;
  /** Reads or sends at most so much a second; null is without a limit, undefined as it was started. */
  readonly rateBytesPerSecond?: number | null;
}

/** What every list shows of a job. */
export interface JobSummary {
  readonly id: JobId;
  /** What kind of operation it is: `capture`, `restore`, `build`, … */
  readonly kind: string;
  /** The operation in words: `capture / as "host"`. */
  readonly title: string;
  readonly state: JobState;
  readonly owner: JobOwner | null;
  readonly createdAtMs: number;
  /** When the state was last written. */
  readonly changedAtMs: number;
}

/** A job as the journal knows it. */
export interface JobRecord extends JobSummary {
  /** Version of plan and parameters; a program that does not know it refuses the job by name. */
  readonly planVersion: number;
  readonly parameters: Json;
  readonly plan: Json;
  readonly checkpoints: readonly CheckpointRecord[];
  /** Counts the owners; every write of an owner is conditional on it. */
  readonly epoch: number;
  /** Until when its owner holds it without renewing; decides only between hosts, on one host a kernel lock does. */
  readonly leaseUntilMs: number;
  readonly request: JobRequest;
  readonly result: Json;
  readonly failure: JobFailure | null;
}

/** What is known of a job before it first runs. */
export interface NewJob extends Pick<
  JobRecord,
  "id" | "kind" | "title" | "planVersion" | "parameters" | "plan" | "createdAtMs"
> {
  readonly checkpoints: readonly Pick<CheckpointRecord, "name" | "title" | "weight" | "undo">[];
}

/** The state that is shown: of a job whose owner died in the middle it is `interrupted`. */
export function shownState(state: JobState, isOwned: boolean): ShownState {
  return !isOwned && (state === "running" || state === "pausing" || state === "undoing") ? "interrupted" : state;
}

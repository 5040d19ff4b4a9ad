import type { OnProgress } from "../core/progress.ts";
import type { JobId, JobRecord, Json, UndoWay } from "./job.ts";
import type { Holding } from "./journal/journal.ts";

/** What a checkpoint has to work with; it touches nothing of the engine but this. */
export interface CheckpointContext {
  readonly job: JobId;
  /** A directory of the job's own (0700), kept as long as its record. */
  readonly directory: string;
  /** How far an earlier run of this checkpoint came, as it said itself; null at first. */
  readonly cursor: Json;
  /** Keeps how far it came; durable on return. @throws {JobLostError} If the job was taken over: the checkpoint must end. */
  readonly saveCursor: (cursor: Json) => Promise<void>;
  /** Results of checkpoints that are done, by their names. */
  readonly results: ReadonlyMap<string, Json>;
  /** Called as often as is convenient; readers get the latest value a few times a second. */
  readonly onProgress: OnProgress;
  /** A line for the job's log; durable soon, not at once. */
  readonly log: (line: string) => void;
  /** Journals something that outlives a dead process before it is made, so that it is found and taken down. */
  readonly hold: (holding: Holding) => Promise<void>;
  readonly release: (holding: Holding) => Promise<void>;
  /** Keeps something for the checkpoints to come; it is disposed of when this run of the job ends, however it does. */
  readonly keep: (resource: AsyncDisposable) => void;
  /** Aborted to pause, to cancel, at a time-out, or when the job was taken over: end at the next safe point, with any error. */
  readonly signal: AbortSignal;
  /** The limit that somebody asked for: undefined as it was started, Infinity none; asked anew from time to time, since it may change. */
  readonly rateBytesPerSecond: () => number | undefined;
}

/**
 * A unit of a job that can run again.
 *
 * `run` after a kill at any moment, and after it was done, must lead to what one run leads to; `undo` must take back whatever part of a
 * run happened, and do nothing the second time.
 */
export interface Checkpoint {
  readonly name: string;
  /** What it does, for people: an order. */
  readonly title: string;
  /** Its share of the whole job's time against the other checkpoints'; above 0. */
  readonly weight: number;
  readonly undo: UndoWay;
  /** Ends it with a `TimedOutError` after so long. */
  readonly timeoutMs?: number;
  /** Returns what later checkpoints and `job show` need to know of it. */
  readonly run: (context: CheckpointContext) => Promise<Json>;
  /** Absent exactly where `undo` is `none`. May save a cursor too; the result is among `results` if `run` had ended. */
  readonly takeBack?: (context: CheckpointContext) => Promise<void>;
}

/** One kind of operation that runs as jobs. */
export interface JobKind {
  readonly kind: string;
  readonly planVersion: number;
  /** The checkpoints of a job, from its parameters and plan alone, so that another process gets the same ones. @throws {RehomeError} */
  readonly checkpoints: (job: Pick<JobRecord, "id" | "parameters" | "plan">) => readonly Checkpoint[];
  /** What can be done instead where it cannot be undone any more: a sentence. */
  readonly insteadOfUndo: (job: JobRecord) => string;
  /** Whether a job goes on after a checkpoint failed; it then fails at its end. */
  readonly goesOnAfterFailure?: (job: JobRecord) => boolean;
  /** The checkpoint that a job is paused before, once: who resumes it there goes on. */
  readonly pauseBefore?: (job: JobRecord) => string | undefined;
  /** Takes what a job needs for as long as it runs, or is undone (a place, a lock); it is given back after the last checkpoint. @throws {RehomeError} */
  readonly hold?: (job: JobRecord) => Promise<AsyncDisposable>;
  /** Mounts file systems while it runs or is undone: in a process whose mounts nobody else sees, if there is a choice. */
  readonly mounts?: true;
  /** Heeds {@link CheckpointContext.rateBytesPerSecond}. */
  readonly hasRate?: true;
  /** Paths of what an ended or dead job left lying, outside its own directory, that only an undo removes. */
  readonly remains?: (job: JobRecord) => readonly string[];
}

import type { Progress } from "../../core/progress.ts";
import type { CheckpointRecord, JobId } from "../job.ts";
import { RateEstimate } from "./rate-estimate.ts";

/** How far a job has come, as readers in other processes get it: one schema for the command line, the log and the console. */
export interface JobProgress extends Progress {
  readonly job: JobId;
  readonly checkpoint: string;
  readonly percent: number;
  /** Bytes a second in the last ten seconds. */
  readonly rate: number;
  readonly etaMs?: number;
  /** When it was so: milliseconds since 1970. */
  readonly atMs: number;
}

/** After so long without any movement a phase is shown as stalled. */
export const stalledAfterMs = 30_000;

/**
 * Keeps the latest progress of a running job. Taking a value costs next to nothing, however often it is done; everything
 * that is worked out is worked out when somebody looks.
 */
export class ProgressMeter {
  readonly #job: JobId;
  readonly #weights: readonly number[];
  #index = 0;
  #checkpoint = "";
  #percentShown = 0;
  #latest: Progress | undefined;
  #estimate: RateEstimate | undefined;
  #moved: { readonly progress: Progress; readonly atMs: number } | undefined;

  constructor(job: JobId, checkpoints: readonly Pick<CheckpointRecord, "weight">[]) {
    this.#job = job;
    this.#weights = checkpoints.map(({ weight }) => weight);
  }

  /** From now on progress is of this checkpoint. */
  begin(index: number, checkpoint: string): void {
    this.#index = index;
    this.#checkpoint = checkpoint;
    this.#latest = undefined;
  }

  /** Takes a value and returns it with what is known of the job. */
  take(progress: Progress): Progress {
    this.#latest = progress;
    return { ...progress, job: this.#job, checkpoint: this.#checkpoint, percent: this.#percent(progress) };
  }

  /** What is to be told at a moment; undefined before a checkpoint has said anything. */
  read(atMs: number): JobProgress | undefined {
    const latest = this.#latest;
    if (latest === undefined) return undefined;
    if (this.#estimate === undefined || this.#moved?.progress.phase !== latest.phase)
      this.#estimate = new RateEstimate(latest, atMs);
    if (this.#moved === undefined || hasMoved(this.#moved.progress, latest)) this.#moved = { progress: latest, atMs };
    const stalledMs = atMs - this.#moved.atMs;
    const pace = this.#estimate.pace(latest, atMs);
    return {
      ...latest,
      job: this.#job,
      checkpoint: this.#checkpoint,
      percent: this.#percent(latest),
      rate: Math.round(pace.bytesPerSecond),
      ...(pace.remainingMs !== undefined && { etaMs: Math.round(pace.remainingMs) }),
      ...(stalledMs >= stalledAfterMs && { stalledMs }),
      atMs,
    };
  }

  #percent(progress: Progress): number {
    const sum = (weights: readonly number[]): number => weights.reduce((total, weight) => total + weight, 0);
    const done = sum(this.#weights.slice(0, this.#index)) + (this.#weights[this.#index] ?? 0) * shareOf(progress);
    // A phase that begins knows less of its checkpoint than the one before it: what was shown is never taken back.
    this.#percentShown = Math.max(
      this.#percentShown,
      Math.min(100, Math.floor((1000 * done) / sum(this.#weights)) / 10),
    );
    return this.#percentShown;
  }
}

function hasMoved(before: Progress, now: Progress): boolean {
  return before.phase !== now.phase || before.bytes !== now.bytes || before.items !== now.items;
}

/** How much of a checkpoint is done, as far as its totals tell; the slower of bytes and items counts. */
function shareOf({ bytes, totalBytes, items, totalItems }: Progress): number {
  const shares = [
    ...(totalBytes === undefined || totalBytes === 0 ? [] : [bytes / totalBytes]),
    ...(totalItems === undefined || totalItems === 0 ? [] : [items / totalItems]),
  ];
  return shares.length === 0 ? 0 : Math.min(1, ...shares);
}

import type { Progress } from "../../core/progress.ts";
import type { CheckpointRecord, JobId } from "../job.ts";
import { RateEstimate } from "./rate-estimate.ts";

/** How far a job has come, as every reader gets it: the command line, `--progress json`, the log and the console. */
export interface JobProgress extends Progress {
  readonly job: string;
  readonly checkpoint: string;
  readonly percent: number;
  /** Bytes a second in the last ten seconds. */
  readonly rate: number;
  readonly etaMs?: number;
  /** When it was so; ISO 8601. */
  readonly at: string;
}

/**
 * Keeps the latest progress of a running job. Taking a value costs next to nothing, however often it is done; everything
 * that is worked out is worked out when somebody looks.
 */
export class ProgressMeter {
  readonly #job: JobId;
  readonly #weights: readonly number[];
  readonly #totalWeight: number;
  #index = 0;
  #checkpoint = "";
  #percentShown = 0;
  #latest: Progress | undefined;
  #estimate: { readonly phase: string; readonly pace: RateEstimate } | undefined;

  constructor(job: JobId, checkpoints: readonly Pick<CheckpointRecord, "weight">[]) {
    this.#job = job;
    this.#weights = checkpoints.map(({ weight }) => weight);
    this.#totalWeight = sum(this.#weights);
  }

  /** From now on progress is of this checkpoint, which has said nothing yet. Returns what is to be told of it. */
  begin(index: number, checkpoint: string): Progress {
    this.#index = index;
    this.#checkpoint = checkpoint;
    // One that never says anything can be seen to stand still, too.
    this.#estimate = undefined;
    return this.take({ version: 1, phase: checkpoint, bytes: 0, items: 0 });
  }

  /** Takes a value and returns it with what is known of the job. */
  take(progress: Progress): Progress {
    this.#latest = progress;
    return { ...progress, job: this.#job, checkpoint: this.#checkpoint, percent: this.#percent(progress) };
  }

  /** What is to be told at a moment; undefined before the first checkpoint has begun. */
  read(atMs: number): JobProgress | undefined {
    const latest = this.#latest;
    if (latest === undefined) return undefined;
    if (this.#estimate?.phase !== latest.phase)
      this.#estimate = { phase: latest.phase, pace: new RateEstimate(latest, atMs) };
    const { bytesPerSecond, remainingMs, stalledMs } = this.#estimate.pace.pace(latest, atMs);
    return {
      ...latest,
      job: this.#job,
      checkpoint: this.#checkpoint,
      percent: this.#percent(latest),
      rate: Math.round(bytesPerSecond),
      ...(remainingMs !== undefined && { etaMs: Math.round(remainingMs) }),
      ...(stalledMs !== undefined && { stalledMs }),
      at: new Date(atMs).toISOString(),
    };
  }

  #percent(progress: Progress): number {
    const done = sum(this.#weights.slice(0, this.#index)) + (this.#weights[this.#index] ?? 0) * shareOf(progress);
    const percent = Math.min(100, Math.floor((1000 * done) / this.#totalWeight) / 10);
    // A phase that begins knows less of its checkpoint than the one before it: what was shown is never taken back.
    this.#percentShown = Math.max(this.#percentShown, percent);
    return this.#percentShown;
  }
}

function sum(weights: readonly number[]): number {
  return weights.reduce((total, weight) => total + weight, 0);
}

/** How much of a checkpoint is done, as far as its totals tell; the slower of bytes and items counts. */
function shareOf({ bytes, totalBytes, items, totalItems }: Progress): number {
  const shares = [
    ...(totalBytes === undefined || totalBytes === 0 ? [] : [bytes / totalBytes]),
    ...(totalItems === undefined || totalItems === 0 ? [] : [items / totalItems]),
  ];
  return shares.length === 0 ? 0 : Math.min(1, ...shares);
}

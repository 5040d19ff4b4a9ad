import type { Progress } from "../../core/progress.ts";

/** How fast a phase goes and how long it will take, as far as it can be told. */
export interface Pace {
  /** Since the phase began. */
  readonly elapsedMs: number;
  readonly bytesPerSecond: number;
  readonly remainingMs?: number;
}

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
  readonly items: number;
}

const windowMs = 10_000;
const sampleEveryMs = 200;

/** Estimates the pace of one phase from what it did in the last ten seconds. */
export class RateEstimate {
  readonly #startedAtMs: number;
  readonly #samples: Sample[];

  constructor(first: Progress, atMs: number) {
    this.#startedAtMs = atMs;
    this.#samples = [{ atMs, bytes: first.bytes, items: first.items }];
  }

  /** The pace at a moment, given the latest progress. */
  pace(progress: Progress, atMs: number): Pace {
    const elapsedMs = atMs - this.#startedAtMs;
    const newest = this.#samples.at(-1);
    if (newest !== undefined && atMs - newest.atMs >= sampleEveryMs) {
      this.#samples.push({ atMs, bytes: progress.bytes, items: progress.items });
      while (this.#samples.length > 2 && atMs - (this.#samples[1]?.atMs ?? atMs) >= windowMs) this.#samples.shift();
    }
    const oldest = this.#samples[0];
    const spanMs = oldest === undefined ? 0 : atMs - oldest.atMs;
    if (oldest === undefined || spanMs < sampleEveryMs) return { elapsedMs, bytesPerSecond: 0 };
    const bytesPerMs = (progress.bytes - oldest.bytes) / spanMs;
    const itemsPerMs = (progress.items - oldest.items) / spanMs;
    const remainingMs = longer(
      left(progress.totalBytes, progress.bytes, bytesPerMs),
      left(progress.totalItems, progress.items, itemsPerMs),
    );
    return {
      elapsedMs,
      bytesPerSecond: Math.max(0, bytesPerMs * 1000),
      ...(remainingMs !== undefined && { remainingMs }),
    };
  }
}

function left(total: number | undefined, done: number, perMs: number): number | undefined {
  if (total === undefined) return undefined;
  if (done >= total) return 0;
  return perMs > 0 ? (total - done) / perMs : undefined;
}

/** Many small files take their time whatever their bytes, and few large ones whatever their number. */
function longer(byBytes: number | undefined, byItems: number | undefined): number | undefined {
  if (byBytes === undefined || byItems === undefined) return byBytes ?? byItems;
  return Math.max(byBytes, byItems);
}

import type { Progress } from "../../core/progress.ts";

/** How fast a phase goes and how long it will take, as far as it can be told. */
export interface Pace {
  /** Since the phase began. */
  readonly elapsedMs: number;
  readonly bytesPerSecond: number;
  readonly remainingMs?: number;
  /** For how long nothing has moved, where that is long enough to tell. */
  readonly stalledMs?: number;
}

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
  readonly items: number;
}

const windowMs = 10_000;
const sampleEveryMs = 200;
/** After so long without any movement a phase is shown as stalled. */
const stalledAfterMs = 30_000;

/** Estimates the pace of one phase from what it did in the last ten seconds, each time it is asked. */
export class RateEstimate {
  readonly #startedAtMs: number;
  readonly #samples: Sample[];
  #moved: Sample;

  constructor(first: Progress, atMs: number) {
    this.#startedAtMs = atMs;
    this.#moved = { atMs, bytes: first.bytes, items: first.items };
    this.#samples = [this.#moved];
  }

  /** The pace at a moment, given the latest progress. */
  pace(progress: Progress, atMs: number): Pace {
    const elapsedMs = atMs - this.#startedAtMs;
    const { bytes, items } = progress;
    if (bytes !== this.#moved.bytes || items !== this.#moved.items) this.#moved = { atMs, bytes, items };
    const stalledMs = atMs - this.#moved.atMs;
    const stalled = stalledMs >= stalledAfterMs ? { stalledMs } : {};
    const newest = this.#samples.at(-1);
    if (newest !== undefined && atMs - newest.atMs >= sampleEveryMs) {
      this.#samples.push({ atMs, bytes, items });
      while (this.#samples.length > 2 && atMs - (this.#samples[1]?.atMs ?? atMs) >= windowMs) this.#samples.shift();
    }
    const oldest = this.#samples[0];
    const spanMs = oldest === undefined ? 0 : atMs - oldest.atMs;
    if (oldest === undefined || spanMs < sampleEveryMs) return { elapsedMs, bytesPerSecond: 0, ...stalled };
    const bytesPerMs = (bytes - oldest.bytes) / spanMs;
    const itemsPerMs = (items - oldest.items) / spanMs;
    const remainingMs = longer(
      left(progress.totalBytes, bytes, bytesPerMs),
      left(progress.totalItems, items, itemsPerMs),
    );
    return {
      elapsedMs,
      bytesPerSecond: Math.max(0, bytesPerMs * 1000),
      ...(remainingMs !== undefined && { remainingMs }),
      ...stalled,
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

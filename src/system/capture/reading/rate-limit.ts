/** Spreads work over time. */
export interface RateLimit {
  /** How much to take at once at most, so that work stays spread. */
  readonly batchBytes: number;
  /** Waits until `bytes` more may be read, or until the signal is aborted: then it just returns. */
  take(bytes: number, signal?: AbortSignal): Promise<void>;
}

const longestWaitMs = 200;

/** No limit at all. */
export const unlimited: RateLimit = limitRate(() => undefined);

/**
 * Lets so much through on average, with up to half a second's worth at once. `bytesPerSecond` is asked each time, as the limit may change
 * or go while the work is under way; `wait` is given so that tests need no clock.
 */
export function limitRate(
  bytesPerSecond: () => number | undefined,
  now: () => number = () => performance.now(),
  wait: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
): RateLimit {
  let freeAtMs = now() - 500;
  let known = bytesPerSecond();
  return {
    get batchBytes() {
      const limit = bytesPerSecond();
      return limit === undefined ? Number.MAX_SAFE_INTEGER : Math.max(4096, limit / 4);
    },
    async take(bytes, signal) {
      const limit = bytesPerSecond();
      // What was waited for under another limit does not count any more.
      if (limit !== known) freeAtMs = Math.min(freeAtMs, now());
      known = limit;
      if (limit === undefined) return;
      freeAtMs = Math.max(freeAtMs, now() - 500) + (bytes / limit) * 1000;
      for (let ahead = freeAtMs - now(); ahead > 0; ahead = freeAtMs - now()) {
        if (signal?.aborted || bytesPerSecond() !== limit) return;
        await wait(Math.min(ahead, longestWaitMs));
      }
    },
  };
}

/** Spreads work over time. */
export interface RateLimit {
  /** How much to take at once at most, so that work stays spread. */
  readonly batchBytes: number;
  /** Waits until `bytes` more may be read, or until the signal is aborted: then it just returns. */
  take(bytes: number, signal?: AbortSignal): Promise<void>;
}

const longestWaitMs = 200;

/** No limit at all. */
export const unlimited: RateLimit = { batchBytes: Number.MAX_SAFE_INTEGER, take: () => Promise.resolve() };

/**
 * Lets `bytesPerSecond` through on average, with up to half a second's worth at once. `wait` is given so that tests need no clock.
 */
export function limitRate(
  bytesPerSecond: number,
  now: () => number = () => performance.now(),
  wait: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
): RateLimit {
  let freeAtMs = now() - 500;
  return {
    batchBytes: Math.max(4096, bytesPerSecond / 4),
    async take(bytes, signal) {
      freeAtMs = Math.max(freeAtMs, now() - 500) + (bytes / bytesPerSecond) * 1000;
      for (let ahead = freeAtMs - now(); ahead > 0; ahead = freeAtMs - now()) {
        if (signal?.aborted) return;
        await wait(Math.min(ahead, longestWaitMs));
      }
    },
  };
}

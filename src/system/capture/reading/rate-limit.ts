/** Spreads work over time. */
export interface RateLimit {
  /** Waits until `bytes` more may be read. */
  take(bytes: number): Promise<void>;
}

/** No limit at all. */
export const unlimited: RateLimit = { take: () => Promise.resolve() };

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
    async take(bytes) {
      freeAtMs = Math.max(freeAtMs, now() - 500) + (bytes / bytesPerSecond) * 1000;
      const ahead = freeAtMs - now();
      if (ahead > 0) await wait(ahead);
    },
  };
}

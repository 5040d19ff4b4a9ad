import { TimedOutError } from "../errors.ts";

/** What bounds a piece of work. */
export interface Bounds {
  readonly what: string;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  /** Called when it goes on although its time is over. */
  readonly onAbandon: () => void;
}

/** Time for work to end after it was told to. */
const graceMs = 10_000;

/**
 * Runs `work` until its time is over. Work that does not heed its signal then is left to itself after ten more seconds.
 *
 * @throws {TimedOutError} And whatever the work throws.
 */
export async function runWithin<Result>(
  { what, timeoutMs, signal, onAbandon }: Bounds,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  if (timeoutMs === undefined) return await work(signal);
  const late = new AbortController();
  const timers: NodeJS.Timeout[] = [];
  const abandoned = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => {
      late.abort(new TimedOutError(what, timeoutMs));
      timers.push(
        setTimeout(() => {
          onAbandon();
          reject(new TimedOutError(what, timeoutMs));
        }, graceMs),
      );
    }, timeoutMs);
    timers.push(timer);
  });
  try {
    return await Promise.race([work(AbortSignal.any([signal, late.signal])), abandoned]);
  } catch (error) {
    // Whatever it says of having been stopped, this is why.
    if (late.signal.aborted) throw new TimedOutError(what, timeoutMs);
    throw error;
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

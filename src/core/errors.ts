import type { ErrorCode } from "./exit-status.ts";

/**
 * A failure that a caller can act on.
 *
 * `message` reads `cannot ACTION: WHAT IS, WHAT IS NEEDED`; `remedy` is one sentence that says what to do.
 * Tests and callers look at `code` and the facts in the fields, never at the text.
 */
export abstract class RehomeError extends Error {
  abstract readonly code: ErrorCode;
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** The call itself is wrong: an unknown option, a value out of range, an operand that cannot be read. */
export class UsageError extends RehomeError {
  override readonly name = "UsageError";
  readonly code = "USAGE";
}

/** An operation was cancelled by its signal; what it had finished stays and the same call goes on from there. */
export class InterruptedError extends RehomeError {
  override readonly name = "InterruptedError";
  readonly code = "INTERRUPTED";

  constructor(action: string) {
    super(`cannot finish ${action}: it was interrupted`, "Run the same command again; it goes on where it was.");
  }
}

/** Throws {@link InterruptedError} once `signal` is aborted. */
export function throwIfInterrupted(signal: AbortSignal | undefined, action: string): void {
  if (signal?.aborted) throw new InterruptedError(action);
}

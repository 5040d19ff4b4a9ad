import { TransitionError } from "./errors.ts";
import type { JobId, JobState } from "./job.ts";

/**
 * Every state and those that may follow it. A job whose owner died is `running`, `pausing` or `undoing` still; who takes it over
 * writes the same state once more.
 */
export const transitions: { readonly [From in JobState]: readonly JobState[] } = {
  queued: ["running", "cancelled"],
  running: ["running", "pausing", "paused", "failed", "cancelled", "done", "undoing"],
  pausing: ["running", "pausing", "paused", "failed", "cancelled", "done", "undoing"],
  paused: ["running", "cancelled", "undoing"],
  failed: ["running", "cancelled", "undoing"],
  cancelled: ["undoing"],
  undoing: ["undoing", "undone", "failed"],
  undone: [],
  done: ["undoing"],
};

/** @throws {TransitionError} If `to` must not follow `from`. */
export function assertTransition(id: JobId, from: JobState, to: JobState): void {
  if (!transitions[from].includes(to)) throw new TransitionError(id, from, to);
}

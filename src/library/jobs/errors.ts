import { RehomeError } from "../../core/errors.ts";
import type { JobId } from "../../engine/job.ts";

/** Somebody paused the job while it ran. */
export class JobPausedError extends RehomeError {
  override readonly name = "JobPausedError";
  readonly code = "JOB_PAUSED";

  constructor(id: JobId) {
    super(
      `cannot finish job ${id}: it was paused`,
      `\`rehome job resume ${id}\` goes on, \`rehome job undo ${id}\` takes it back.`,
    );
  }
}

/** Somebody cancelled the job while it ran. */
export class JobCancelledError extends RehomeError {
  override readonly name = "JobCancelledError";
  readonly code = "JOB_CANCELLED";

  constructor(id: JobId) {
    super(`cannot finish job ${id}: it was cancelled`, `\`rehome job undo ${id}\` takes back what it had done.`);
  }
}

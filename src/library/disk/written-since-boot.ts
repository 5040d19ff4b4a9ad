import { RehomeError } from "../../core/errors.ts";
import type { JobId } from "../../engine/job.ts";

/** What a build wrote to files may not have reached their disk before this host started anew. Nothing was changed. */
export class WorkFileTornError extends RehomeError {
  override readonly name = "WorkFileTornError";
  readonly code = "JOB_STATE";

  constructor(job: JobId, file: string) {
    super(
      `cannot go on with job ${job}: this host was restarted since it began, and "${file}" may lack what was written last`,
      `\`rehome job undo ${job}\` removes it; then build again.`,
    );
  }
}

/**
 * Refuses to go on with files that were begun before this host started anew: they are made durable at the very end only, since whoever
 * stops before begins anew.
 *
 * @param begunIn Boot id of the kernel under which the files were begun; undefined: not begun.
 * @throws {WorkFileTornError}
 */
export function assertWrittenSinceBoot(
  job: JobId,
  begunIn: string | undefined,
  now: string,
  files: readonly string[],
): void {
  const [file] = files;
  if (file !== undefined && begunIn !== undefined && begunIn !== now) throw new WorkFileTornError(job, file);
}

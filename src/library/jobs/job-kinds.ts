import { JobUnknownError } from "../../engine/errors.ts";
import type { JobKind } from "../../engine/job-kind.ts";
import type { JobRecord } from "../../engine/job.ts";
import { captureKind } from "./capture-job.ts";
import { restoreKind } from "./restore-job.ts";
import { pruneKind, removeKind } from "./store-jobs.ts";

const kinds: readonly JobKind[] = [captureKind, restoreKind, pruneKind, removeKind];

/** The kind of a job that any process may resume or undo. @throws {JobUnknownError} If this program does not have it. */
export function kindOf(job: JobRecord): JobKind {
  const kind = kinds.find((candidate) => candidate.kind === job.kind);
  if (kind === undefined) throw new JobUnknownError(job.id, job.kind, job.planVersion);
  return kind;
}

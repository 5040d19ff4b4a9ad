import { JobNotFoundError, JobUnknownError } from "../errors.ts";
import type { Checkpoint, JobKind } from "../job-kind.ts";
import type { JobRecord } from "../job.ts";
import type { Journal } from "../journal/journal.ts";

/** The job that `text` names by the first digits of its id. @throws {JobNotFoundError} */
export async function findJob(journal: Pick<Journal, "find" | "read">, text: string): Promise<JobRecord> {
  const matches = /^[0-9a-f]{1,8}$/.test(text) ? await journal.find(text) : [];
  const [only] = matches;
  const job = only === undefined || matches.length > 1 ? undefined : await journal.read(only);
  if (job === undefined) throw new JobNotFoundError(text, matches);
  return job;
}

/** The checkpoints of a job, as its journal has them. @throws {JobUnknownError} If this program does not know the job's plan. */
export function checkpointsOf(job: JobRecord, kind: JobKind): readonly Checkpoint[] {
  const unknown = (): JobUnknownError => new JobUnknownError(job.id, job.kind, job.planVersion);
  if (job.kind !== kind.kind || job.planVersion !== kind.planVersion) throw unknown();
  const checkpoints = kind.checkpoints(job);
  const isSame = checkpoints.every(({ name }, index) => name === job.checkpoints[index]?.name);
  if (!isSame || checkpoints.length !== job.checkpoints.length) throw unknown();
  return checkpoints;
}

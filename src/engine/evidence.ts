import type { JobRecord } from "./job.ts";

/** What a job leaves behind for those who ask later what was done: everything the journal knows of it, and by which program. */
export interface Evidence {
  readonly version: 1;
  /** Of the program and what it rests on. */
  readonly versions: Readonly<Record<string, string>>;
  readonly host: string;
  readonly writtenAt: string;
  /** With plan, parameters, times and results. Secrets are never among them: a job has references to them at most. */
  readonly job: Omit<JobRecord, "owner" | "leaseUntilMs" | "request">;
}

/** Makes the evidence of a job as it ended. */
export function makeEvidence(job: JobRecord, versions: Evidence["versions"], host: string, atMs: number): Evidence {
  const { owner: _owner, leaseUntilMs: _lease, request: _request, ...kept } = job;
  return { version: 1, versions, host, writtenAt: new Date(atMs).toISOString(), job: kept };
}

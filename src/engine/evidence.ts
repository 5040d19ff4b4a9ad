import type { JobRecord } from "./job.ts";

/** What a job leaves behind for those who ask later what was done: everything the journal knows of it, and by which program. */
export interface Evidence {
  readonly version: 1;
  /** `rehome 1.2.3`. */
  readonly program: string;
  readonly host: string;
  readonly writtenAt: string;
  readonly job: Omit<JobRecord, "owner" | "leaseUntilMs" | "request">;
}

/** Makes the evidence of a job as it ended. */
export function makeEvidence(job: JobRecord, program: string, host: string, atMs: number): Evidence {
  const { owner: _owner, leaseUntilMs: _lease, request: _request, ...kept } = job;
  return { version: 1, program, host, writtenAt: new Date(atMs).toISOString(), job: kept };
}

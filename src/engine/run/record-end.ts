import { crashPoint } from "../../core/crash-points.ts";
import { JobLostError } from "../errors.ts";
import { makeEvidence } from "../evidence.ts";
import type { JobFailure, JobRecord, JobState, Json } from "../job.ts";
import { applyChange } from "../journal/apply-change.ts";
import type { EnginePorts } from "../ports.ts";
import type { JobSession } from "./job-session.ts";

/** The last thing a run writes. */
export interface JobEnd {
  readonly state: JobState;
  readonly result?: Json;
  readonly failure?: JobFailure;
}

/**
 * Leaves the evidence of how a run ended, journals it, and tells the log. Returns the job as it is then.
 *
 * The evidence comes first: what the journal calls ended has some, wherever a kill strikes.
 */
export async function recordEnd(ports: EnginePorts, session: JobSession, end: JobEnd): Promise<JobRecord> {
  const { journal, files, clock, versions, owner } = ports;
  crashPoint("job.ending");
  const before = await journal.read(session.id);
  if (before === undefined) throw new JobLostError(session.id);
  const { job } = applyChange(before, { ...end, atMs: clock.nowMs() });
  if (end.state !== "paused") {
    const evidence = makeEvidence(job, versions, owner.host, clock.nowMs());
    await session.asOwner(() => files.writeEvidence(job.id, evidence));
  }
  crashPoint("job.evidence-written");
  await session.write(end);
  crashPoint("job.ended");
  const { failure } = end;
  files.appendLog(job.id, `${end.state}${failure === undefined ? "" : `: ${failure.message} [${failure.code}]`}`);
  return job;
}

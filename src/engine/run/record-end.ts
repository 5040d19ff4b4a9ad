import { crashPoint } from "../../core/crash-points.ts";
import { makeEvidence } from "../evidence.ts";
import { JobLostError } from "../errors.ts";
import type { JobSession } from "./job-session.ts";
import type { JobFailure, JobRecord, JobState, Json } from "../job.ts";
import type { EnginePorts } from "../ports.ts";

/** The last thing a run writes. */
export interface JobEnd {
  readonly state: JobState;
  readonly result?: Json;
  readonly failure?: JobFailure;
}

/** Journals how a run ended, tells the log and leaves the evidence. Returns the job as it is then. */
export async function recordEnd(ports: EnginePorts, session: JobSession, end: JobEnd): Promise<JobRecord> {
  const { journal, files, clock, owner, program } = ports;
  crashPoint("job.ending");
  await session.write(end);
  crashPoint("job.ended");
  const job = await journal.read(session.id);
  if (job === undefined) throw new JobLostError(session.id);
  const { failure } = end;
  files.appendLog(job.id, `${end.state}${failure === undefined ? "" : `: ${failure.message} [${failure.code}]`}`);
  if (end.state !== "paused") files.writeEvidence(job.id, makeEvidence(job, program, owner.host, clock.nowMs()));
  crashPoint("job.evidence-written");
  return job;
}

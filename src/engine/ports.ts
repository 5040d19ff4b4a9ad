import type { Evidence } from "./evidence.ts";
import type { JobId, JobOwner } from "./job.ts";
import type { Holding, Journal } from "./journal/journal.ts";
import type { JobProgress } from "./progress/job-progress.ts";

/** The kernel's locks on jobs: held by at most one process of this host, free the moment that process is dead. */
export interface JobLocks {
  /** Takes the lock of a job; undefined if another process, or this one, has it. */
  readonly tryLock: (id: JobId) => Disposable | undefined;
  readonly isLocked: (id: JobId) => boolean;
}

/** Files of jobs, one directory a job. */
export interface JobFiles {
  /** Absolute path of a job's directory, made (0700) if it is absent. */
  readonly directoryOf: (id: JobId) => string;
  /** The jobs that have a directory. */
  readonly list: () => readonly JobId[];
  /** Removes a job's directory with all that is in it. */
  readonly remove: (id: JobId) => void;
  readonly appendLog: (id: JobId, line: string) => void;
  /** Makes the latest progress readable for other processes; undefined when the job runs no more. */
  readonly publishProgress: (id: JobId, progress: JobProgress | undefined) => void;
  readonly readProgress: (id: JobId) => JobProgress | undefined;
  /** Writes the evidence of a job that ended, durably and whole. */
  readonly writeEvidence: (id: JobId, evidence: Evidence) => void;
}

/** Time, so that tests have it in hand. */
export interface Clock {
  readonly nowMs: () => number;
  /** Calls `work` again and again until it is disposed of; does not keep the process alive. */
  readonly every: (intervalMs: number, work: () => void) => Disposable;
}

/** All that the engine works with. */
export interface EnginePorts {
  readonly journal: Journal;
  readonly locks: JobLocks;
  readonly files: JobFiles;
  readonly clock: Clock;
  readonly owner: JobOwner;
  /** Of this program and what it rests on, for the evidence. */
  readonly versions: Evidence["versions"];
  /** Takes down what a dead owner left on this host; does nothing where it is gone. @throws {RehomeError} If that fails. */
  readonly takeDown: (job: JobId, holding: Holding) => Promise<void>;
  /** So long jobs are kept after they have ended. */
  readonly keepEndedMs: number;
}

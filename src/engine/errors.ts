import { RehomeError } from "../core/errors.ts";
import type { JobId, JobState, ShownState } from "./job.ts";

/** No job has this id, or several do. */
export class JobNotFoundError extends RehomeError {
  override readonly name = "JobNotFoundError";
  readonly code = "JOB_NOT_FOUND";
  readonly matches: readonly JobId[];

  constructor(text: string, matches: readonly JobId[]) {
    super(
      matches.length === 0
        ? `cannot find job "${text}": the journal of this host has none of that id`
        : `cannot tell which job "${text}" is: ${matches.join(", ")} begin so`,
      matches.length === 0 ? "`rehome job list` shows all jobs." : "Give more digits of its id.",
    );
    this.matches = matches;
  }
}

/** Another process runs the job. */
export class JobBusyError extends RehomeError {
  override readonly name = "JobBusyError";
  readonly code = "JOB_BUSY";

  constructor(id: JobId, owner: string) {
    super(
      `cannot take job ${id}: ${owner} runs it`,
      `Wait for it (\`rehome job log ${id} -f\`), or stop it with \`rehome job pause ${id}\`.`,
    );
  }
}

/** The job was taken over by somebody else; this process must not write another byte for it. */
export class JobLostError extends RehomeError {
  override readonly name = "JobLostError";
  readonly code = "JOB_LOST";

  constructor(id: JobId) {
    super(
      `cannot go on with job ${id}: another process has taken it over since`,
      "Nothing is to be done here; `rehome job show` says where it runs.",
    );
  }
}

/** What was asked for does not follow from the job's state. */
export class TransitionError extends RehomeError {
  override readonly name = "TransitionError";
  readonly code = "JOB_STATE";
  readonly from: ShownState;
  readonly to: JobState | "throttled";

  constructor(id: JobId, from: ShownState, to: JobState | "throttled") {
    super(
      `cannot ${verbs[to] ?? `make ${to}`} job ${id}: it is ${from}`,
      `\`rehome job show ${id}\` says what can be done with it.`,
    );
    this.from = from;
    this.to = to;
  }
}

const verbs: { readonly [To in JobState | "throttled"]?: string } = {
  running: "run",
  pausing: "pause",
  cancelled: "cancel",
  undoing: "undo",
  throttled: "change the rate of",
};

/** The job was planned by another version of the program, or for an operation that this one does not have. */
export class JobUnknownError extends RehomeError {
  override readonly name = "JobUnknownError";
  readonly code = "JOB_UNKNOWN";

  constructor(id: JobId, kind: string, planVersion: number) {
    super(
      `cannot run job ${id}: it is a "${kind}" of plan version ${planVersion}, which this version of rehome does not know`,
      "Use the version of rehome that began it; `rehome job show` tells which one.",
    );
  }
}

/** The job is past its point of no return. */
export class UndoRefusedError extends RehomeError {
  override readonly name = "UndoRefusedError";
  readonly code = "UNDO_REFUSED";

  constructor(id: JobId, why: string, remedy: string) {
    super(`cannot undo job ${id}: ${why}`, remedy);
  }
}

/** A checkpoint took longer than it may. */
export class TimedOutError extends RehomeError {
  override readonly name = "TimedOutError";
  readonly code = "TIMED_OUT";

  constructor(what: string, timeoutMs: number) {
    super(
      `cannot finish ${what}: it took longer than the ${timeoutMs / 1000} s it may`,
      "Look into the log for what it waited for, or allow it more time.",
    );
  }
}

/** The journal cannot be used. */
export class JournalUnsuitableError extends RehomeError {
  override readonly name = "JournalUnsuitableError";
  readonly code = "JOURNAL_UNSUITABLE";

  constructor(path: string, why: string, options?: ErrorOptions) {
    super(
      `cannot use the journal "${path}": ${why}`,
      "Use the version of rehome that wrote it, or move the file away; jobs of before are then forgotten.",
      options,
    );
  }
}

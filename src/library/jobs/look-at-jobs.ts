import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { endedStates, type JobRecord, type ShownState } from "../../engine/job.ts";
import type { Holding, JobEvent } from "../../engine/journal/journal.ts";
import { chooseNextSteps, type NextStep } from "../../engine/next-steps.ts";
import type { JobProgress } from "../../engine/progress/job-progress.ts";
import { findJob } from "../../engine/run/find-job.ts";
import { pointOfNoReturn } from "../../engine/run/undo-job.ts";
import { jobFileNames } from "../../host/jobs/job-files.ts";
import { errnoNameOf } from "../../host/system-call-error.ts";
import { openEngine, type Engine } from "./engine.ts";
import { findKind } from "./kinds/job-kinds.ts";
import { isOwnedNow, listedJob, type EngineOptions } from "./list-jobs.ts";

/** A job as it is shown alone. */
export interface ShownJob extends Omit<JobRecord, "state"> {
  readonly state: ShownState;
  readonly progress: JobProgress | undefined;
  readonly holdings: readonly Holding[];
  /** The first checkpoint that cannot be taken back; null if each can. */
  readonly pointOfNoReturn: string | null;
  /** What can be done with it now: names of `rehome job` commands. */
  readonly next: readonly NextStep[];
  /** What can be done where it can be undone no more. */
  readonly insteadOfUndo: string | undefined;
  /** Absolute paths of files that it left. */
  readonly logPath: string;
  readonly evidencePath: string | undefined;
}

/** Shows one job, named by the first digits of its id. @throws {JobNotFoundError} */
export async function showJob(text: string, options: EngineOptions = {}): Promise<ShownJob> {
  await using engine = openEngine(options.paths);
  return await describeJob(engine, await findJob(engine.journal, text));
}

/** A job with all that is known of it. */
export async function describeJob(engine: Engine, job: JobRecord): Promise<ShownJob> {
  const directory = engine.files.directoryOf(job.id);
  const evidencePath = join(directory, jobFileNames.evidence);
  const listed = listedJob(engine, job);
  const kind = findKind(job);
  const barrier = pointOfNoReturn(job);
  return {
    ...job,
    ...listed,
    holdings: (await engine.journal.holdings(job.id)).map(({ kind: what, what: which }) => ({
      kind: what,
      what: which,
    })),
    pointOfNoReturn: job.checkpoints.find(({ undo }) => undo === "none")?.name ?? null,
    next: chooseNextSteps(listed.state, {
      isUndoing: job.state === "undoing",
      canUndo: barrier === undefined,
      hasRate: kind?.hasRate === true,
    }),
    insteadOfUndo: barrier === undefined ? undefined : kind?.insteadOfUndo(job),
    logPath: join(directory, jobFileNames.log),
    evidencePath: [...endedStates, "failed"].includes(job.state) && existsSync(evidencePath) ? evidencePath : undefined,
  };
}

const eventsAtOnce = 1000;

/** Reads what happened to a job in the last seven days, from the event after number `after` on. @throws {JobNotFoundError} */
export async function readJobEvents(
  text: string,
  after: number,
  options: EngineOptions = {},
): Promise<readonly JobEvent[]> {
  await using engine = openEngine(options.paths);
  const { id } = await findJob(engine.journal, text);
  const events: JobEvent[] = [];
  for (let last = after; ;) {
    const more = await engine.journal.events(id, last, eventsAtOnce);
    events.push(...more);
    if (more.length < eventsAtOnce) return events;
    last = more.at(-1)?.number ?? last;
  }
}

const logAtOnceBytes = 1024 * 1024;

/** Reads at most a MiB of a job's log from a byte on, and says whether more may come. @throws {JobNotFoundError} */
export async function readJobLog(
  text: string,
  fromByte: number,
  options: EngineOptions = {},
): Promise<{ readonly bytes: Buffer; readonly isAtEnd: boolean; readonly isRunning: boolean }> {
  await using engine = openEngine(options.paths);
  const job = await findJob(engine.journal, text);
  // Asked before the log is read: what the owner wrote last is not missed then.
  const isRunning = isOwnedNow(engine, job);
  const bytes = readPart(join(engine.files.directoryOf(job.id), jobFileNames.log), fromByte);
  return { bytes, isAtEnd: bytes.length < logAtOnceBytes, isRunning };
}

function readPart(path: string, fromByte: number): Buffer {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (errnoNameOf(error) === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
  try {
    const bytes = Buffer.alloc(Math.max(0, Math.min(logAtOnceBytes, fstatSync(file).size - fromByte)));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, fromByte));
  } finally {
    closeSync(file);
  }
}

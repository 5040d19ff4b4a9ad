import { randomBytes } from "node:crypto";
import { hostname, release } from "node:os";
import type { JobId } from "../../engine/job.ts";
import { SqliteJournal } from "../../engine/journal/sqlite-journal.ts";
import type { Clock, EnginePorts } from "../../engine/ports.ts";
import { jobFiles } from "../../host/jobs/job-files.ts";
import { kernelLocks } from "../../host/jobs/kernel-locks.ts";
import { chooseKeepJobsDays, choosePaths, type Paths } from "../settings/settings.ts";
import { version } from "../version.ts";
import { takeDownWhole } from "./take-down.ts";

/** The engine of this host: its journal, its locks and its files below `jobs` in the state directory. */
export interface Engine extends EnginePorts, AsyncDisposable {
  /** Where the journal and the directories of jobs are; an absolute path. */
  readonly directory: string;
}

/** Opens the engine of this host. @throws {JournalUnsuitableError} */
export function openEngine(paths: Paths = choosePaths()): Engine {
  const directory = `${paths.stateDirectory}/jobs`;
  const journal = SqliteJournal.open(`${directory}/journal.db`);
  const files = jobFiles(directory);
  return {
    directory,
    journal,
    files,
    locks: kernelLocks(directory),
    clock: processClock,
    owner: { host: hostname(), pid: process.pid },
    versions: { rehome: version, node: process.versions.node, linux: release() },
    takeDown: takeDownWhole,
    keepEndedMs: chooseKeepJobsDays() * 24 * 60 * 60 * 1000,
    [Symbol.asyncDispose]: () => journal[Symbol.asyncDispose](),
  };
}

/** A new id; the journal says whether it is taken. */
export function newJobId(): JobId {
  return randomBytes(4).toString("hex") as JobId;
}

const processClock: Clock = {
  nowMs: () => Date.now(),
  every(intervalMs, work) {
    const timer = setInterval(work, intervalMs).unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
};

import { existsSync } from "node:fs";
import { join } from "node:path";
import { endedStates, type JobId, type ShownState } from "../../engine/job.ts";
import type { Holding } from "../../engine/journal/journal.ts";
import type { NextStep } from "../../engine/next-steps.ts";
import { openEngine, type Engine } from "./engine.ts";
import { findKind } from "./kinds/job-kinds.ts";
import { isOwnedNow, openStates, type EngineOptions } from "./list-jobs.ts";
import { describeJob } from "./look-at-jobs.ts";

/** What a job that nobody runs any more left on this host. */
export interface Leftover {
  readonly job: JobId;
  readonly title: string;
  readonly state: ShownState;
  /** It was being taken back when its process died; to go on with that is all that can be done. */
  readonly isUndoing: boolean;
  /** Mounts, loop devices, process groups. */
  readonly holdings: readonly Holding[];
  /** Files outside its own directory that only an undo removes. */
  readonly remains: readonly string[];
  /** What can be done: names of `rehome job` commands. */
  readonly next: readonly NextStep[];
}

/** All that dead jobs left. */
export interface Leftovers {
  readonly jobs: readonly Leftover[];
  /** Directories of jobs that the journal does not know; absolute paths. */
  readonly directories: readonly string[];
}

/** Finds what dead processes left on this host. Changes nothing. */
export async function findLeftovers(options: EngineOptions = {}): Promise<Leftovers> {
  await using engine = openEngine(options.paths);
  const { journal, files } = engine;
  const held = new Set((await journal.holdings()).map(({ job }) => job));
  const open = await journal.list({ states: [...openStates, "cancelled"] });
  const ended = (await journal.list({ states: endedStates })).filter(({ id }) => held.has(id));
  const found = new Map([...open, ...ended].map((job) => [job.id, job]));
  const jobs: Leftover[] = [];
  for (const summary of found.values()) {
    if (isOwnedNow(engine, summary)) continue;
    const job = await journal.read(summary.id);
    if (job === undefined) continue;
    const { id, title, state, holdings, next } = await describeJob(engine, job);
    // What is paused or failed has its parts lying about on purpose.
    const remains =
      state !== "cancelled" ? [] : (findKind(job)?.remains?.(job) ?? []).filter((path) => existsSync(path));
    if (state === "interrupted" || holdings.length > 0 || remains.length > 0)
      jobs.push({ job: id, title, state, isUndoing: job.state === "undoing", holdings, remains, next });
  }
  const directories: string[] = [];
  for (const id of files.list())
    if ((await journal.read(id)) === undefined) directories.push(join(engine.directory, id));
  return { jobs, directories };
}

/** What {@link removeLeftovers} could not take down, and why. */
export interface LeftoverFailure {
  readonly job: JobId;
  readonly error: unknown;
}

/**
 * Takes down what dead jobs hold, and removes directories of jobs that the journal does not know. The jobs themselves stay, to
 * be resumed or undone. May run twice.
 */
export async function removeLeftovers(
  { jobs }: Leftovers,
  options: EngineOptions = {},
): Promise<readonly LeftoverFailure[]> {
  await using engine = openEngine(options.paths);
  const failures: LeftoverFailure[] = [];
  for (const { job } of jobs) {
    try {
      await takeDownOf(engine, job);
    } catch (error) {
      failures.push({ job, error });
    }
  }
  for (const id of engine.files.list()) if ((await engine.journal.read(id)) === undefined) engine.files.remove(id);
  return failures;
}

async function takeDownOf({ journal, locks, clock, takeDown }: Engine, id: JobId): Promise<void> {
  using lock = locks.tryLock(id);
  const job = await journal.read(id);
  // Somebody goes on with it: what it holds now is in use, and what was held before is taken down by whoever runs it.
  if (lock === undefined || job === undefined) return;
  for (const { kind, what } of (await journal.holdings(id)).toReversed()) {
    await takeDown(id, { kind, what });
    await journal.write(id, job.epoch, { release: { kind, what }, atMs: clock.nowMs() });
  }
}

import { InterruptedError, RehomeError } from "../../core/errors.ts";
import type { OnProgress } from "../../core/progress.ts";
import { exitStatus, exitStatusOfError } from "../../core/exit-status.ts";
import { failureOf } from "../../engine/failure-of.ts";
import type { JobFailure, JobId, JobRecord } from "../../engine/job.ts";
import {
  BuildNotResumableError,
  emptyRecord,
  lastResumable,
  planOf,
  planResume,
  type AreaRecord,
  type BuildPlan,
  type LoadedManifest,
  type Registered,
} from "../../journeys/build/index.ts";
import { buildKind, type BuildParameters } from "../jobs/kinds/build-job.ts";
import { openEngine } from "../jobs/engine.ts";
import { JobCancelledError, JobPausedError } from "../jobs/errors.ts";
import { toJson } from "../jobs/json.ts";
import { isEqual, runAsJob } from "../jobs/run-as-job.ts";
import { openBuildArea } from "./build-area.ts";

/** Which checkpoints are run. */
export interface BuildRange {
  /** Begins at this checkpoint, with everything as it was before it. Default: the first. */
  readonly resumeAt?: string;
  /** Stops before this checkpoint. */
  readonly pauseBefore?: string;
}

/** How a build is run. */
export interface RunBuildOptions extends BuildRange {
  readonly onProgress?: OnProgress;
  /** Aborted to stop at the next safe point; the job is paused then. */
  readonly signal?: AbortSignal;
  /** Told which job it is, before it runs. */
  readonly onJob?: (job: JobId) => void;
}

/** How a build ended. `refused`: nothing was run. `paused`: by request, by its signal, or before the checkpoint that was named. */
export interface BuildOutcome {
  readonly status: "successful" | "failed" | "cancelled" | "paused" | "refused";
  /** The checkpoints that failed; without `stop_on_error: false` at most one. */
  readonly failed: readonly { readonly checkpoint: string; readonly failure: JobFailure | undefined }[];
  /** The job as it ended; undefined if it came to none. */
  readonly job: JobRecord | undefined;
  /** What kept it from being successful. */
  readonly error?: unknown;
}

/** Runs registered checkpoints as a job, from the one at place `from`. */
export async function runBuild(
  manifest: LoadedManifest,
  registered: readonly Registered[],
  place: BuildParameters,
  from: number,
  options: RunBuildOptions,
): Promise<BuildOutcome> {
  let id: JobId | undefined;
  const jobOptions = {
    paths: place.paths,
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.signal && { signal: options.signal }),
    onJob: (job: JobId) => {
      id = job;
      options.onJob?.(job);
    },
  };
  try {
    const plan = makePlan(manifest, registered, await lookAt(place, registered, from), from, options.pauseBefore);
    const order = { title: `build ${manifest.name}`, parameters: toJson(place), plan: toJson(plan) };
    const job = await runAsJob(buildKind(), order, jobOptions, (before) => goesOnWith(before, order.parameters, plan));
    return { status: "successful", failed: [], job };
  } catch (error) {
    return await outcomeOf(error, id, place);
  }
}

/** What lies in the place, once it is sure that the build can begin there. @throws {BuildBusyError} @throws {BuildNotResumableError} */
async function lookAt(place: BuildParameters, registered: readonly Registered[], from: number): Promise<AreaRecord> {
  await using area = openBuildArea(place.directory, "a build that begins", place.paths);
  const record = area.readRecord() ?? emptyRecord;
  const planned = registered.map((checkpoint) => checkpoint.planned);
  const resumable = planResume(planned, record, await area.statesKept());
  const here = resumable[from];
  if (here?.canResume === false)
    throw new BuildNotResumableError(planned[from]?.name ?? "", here.why, lastResumable(planned, resumable));
  return record;
}

function makePlan(
  manifest: LoadedManifest,
  registered: readonly Registered[],
  record: AreaRecord,
  from: number,
  pauseBefore: string | undefined,
): BuildPlan {
  return {
    manifest: manifest.file,
    name: manifest.name,
    checkpoints: registered.map(({ planned }) => planned),
    from,
    pauseBefore: pauseBefore ?? null,
    stopOnError: manifest.stopOnError,
    expectedMs: registered.map(({ planned: { name }, seconds }) => record.tookMs[name] ?? seconds * 1000),
  };
}

/**
 * A build of all checkpoints goes on where an earlier one of the same manifest stopped. One that names where to begin or to
 * stop does just that.
 */
function goesOnWith(before: JobRecord, parameters: JobRecord["parameters"], plan: BuildPlan): boolean {
  if (plan.from !== 0 || plan.pauseBefore !== null || !isEqual(before.parameters, parameters)) return false;
  const { expectedMs: _, ...kept } = planOf(before);
  const { expectedMs: _now, ...wanted } = plan;
  return isEqual(toJson(kept), toJson(wanted));
}

async function outcomeOf(error: unknown, id: JobId | undefined, { paths }: BuildParameters): Promise<BuildOutcome> {
  await using engine = openEngine(paths);
  const job = id === undefined ? undefined : await engine.journal.read(id);
  const failure = job?.failure ?? failureOf(error, null);
  const failed = (job?.checkpoints ?? [])
    .filter(({ state }) => state === "failed")
    .map(({ name }) => ({ checkpoint: name, failure: failure.checkpoint === name ? failure : undefined }));
  return { status: statusOf(error, failed.length), failed, job, error };
}

function statusOf(error: unknown, failedCount: number): BuildOutcome["status"] {
  if (error instanceof JobPausedError || error instanceof InterruptedError) return "paused";
  if (error instanceof JobCancelledError) return "cancelled";
  const status = error instanceof RehomeError ? exitStatusOfError[error.code] : exitStatus.failed;
  const isRefusal = status === exitStatus.refused || status === exitStatus.usage;
  return isRefusal && failedCount === 0 ? "refused" : "failed";
}

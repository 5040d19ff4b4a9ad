import { existsSync, mkdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { UsageError } from "../../../../core/errors.ts";
import { SystemNotFoundError, TarNeedsRootError } from "../../../../system/capture/errors.ts";
import { parseImageName } from "../../../../core/operand.ts";
import type { Checkpoint, JobKind } from "../../../../engine/job-kind.ts";
import { directoryHolding } from "../../../../host/jobs/holdings.ts";
import { extractTar } from "../../../../host/tree/extract-tar.ts";
import { removeTree } from "../../../../host/tree/remove-tree.ts";
import { chooseImageName, planCapture } from "../../../../system/capture/plan.ts";
import type { CaptureResult } from "../../../../system/capture/run.ts";
import { planStreams } from "../../../capture/plan-streams.ts";
import type { CaptureOptions, PlannedCapture } from "../../../capture/capture.ts";
import { captureByJob, captureCheckpoint, captureKind, type CaptureParameters } from "./capture-job.ts";
import { fromJson } from "../../json.ts";
import type { JobOptions } from "../../run-as-job.ts";

/** A capture from a tar as a job: the tree is extracted in the job's directory, and is not left there, whatever happens. */
export const captureTarKind: JobKind = {
  ...captureKind,
  kind: "capture-tar",
  checkpoints: ({ parameters, plan }) => [
    tarCheckpoint(fromJson<CaptureParameters>(parameters), fromJson<PlannedCapture>(plan)),
  ],
};

/**
 * Makes the plan of a capture from a tar; its root is the file. Changes nothing.
 *
 * @throws {SystemNotFoundError} @throws {TarNeedsRootError}
 */
export async function planCaptureOfTar(file: string, options: CaptureOptions = {}): Promise<PlannedCapture> {
  const root = resolve(file);
  if (!existsSync(root) || statSync(root).isDirectory()) throw new SystemNotFoundError(file, `archive ${root}`);
  if ((options.add ?? []).length > 0)
    throw new UsageError("cannot add to what is in an archive", "Extract it, then capture the directory.");
  if (process.geteuid?.() !== 0) throw new TarNeedsRootError(file);
  const [, name = ""] = /^(.*?)(?:\.tar(?:\.[a-z0-9]{1,4})?|\.t(?:gz|xz|zst|bz2?))?$/.exec(basename(root)) ?? [];
  const facts = {
    kind: "directory",
    root,
    name: options.name === undefined ? chooseImageName(name) : parseImageName(options.name),
    mounts: [],
    ownPaths: [],
    rootUid: 0,
    atRest: true,
    hookCount: 0,
    streams: await planStreams(options.raw ?? [], options),
  } as const;
  const choices = {
    excludes: options.excludes ?? [],
    defaultExcludes: [],
    rehash: true,
    redact: options.redact ?? false,
  };
  return { plan: planCapture(facts, choices) };
}

/**
 * Captures what is in a tar (compressed or not) as a directory, as a job. Needs root, and room for the tree in the state directory.
 *
 * @throws {SystemNotFoundError} @throws {TarNeedsRootError} @throws {ToolFailedError} If the archive did not come out whole; nothing is stored then.
 */
export async function captureTarAsJob(file: string, options: CaptureOptions & JobOptions = {}): Promise<CaptureResult> {
  return await captureByJob(captureTarKind, await planCaptureOfTar(file, options), resolve(file), options);
}

function tarCheckpoint(parameters: CaptureParameters, { plan }: PlannedCapture): Checkpoint {
  return {
    ...captureCheckpoint(parameters, { plan }),
    async run(context) {
      const place = join(context.directory, "extracted");
      const holding = directoryHolding(place);
      await context.hold(holding);
      try {
        mkdirSync(place, { mode: 0o700 });
        context.log(`extracting ${plan.root}`);
        const root = await extractTar(plan.root, place, context.signal);
        return await captureCheckpoint(parameters, { plan: { ...plan, root } }).run(context);
      } finally {
        await removeTree(place);
        await context.release(holding);
      }
    },
  };
}

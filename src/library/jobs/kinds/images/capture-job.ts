import { resolve } from "node:path";
import { parseOperand } from "../../../../core/operand.ts";
import type { Checkpoint, CheckpointContext, JobKind } from "../../../../engine/job-kind.ts";
import { runHooks } from "../../../../host/hooks.ts";
import { listImageNames, type ImageId } from "../../../../image/store/image-names.ts";
import type { CaptureResult } from "../../../../system/capture/run.ts";
import {
  captureAsPlanned,
  planCaptureOf,
  type CaptureAs,
  type CaptureOptions,
  type PlannedCapture,
} from "../../../capture/capture.ts";
import { choosePaths, type Paths } from "../../../settings/settings.ts";
import { readSigningKey } from "../../../store/signing-keys.ts";
import { openStore, storePath } from "../../../store/store.ts";
import { fromJson, toJson } from "../../json.ts";
import { removeNumberedNames } from "../remove-numbered-names.ts";
import { choicesOf, runAsJob, type JobOptions } from "../../run-as-job.ts";

type CaptureJobOptions = Omit<CaptureOptions, keyof JobOptions>;

/** What a capture's job keeps of how it was called; all paths absolute. */
export interface CaptureParameters {
  readonly system: string;
  readonly store: string;
  readonly paths: Paths;
  readonly options: CaptureJobOptions;
}

/** What the journal keeps of what a capture made; the manifest is in the store. */
interface CaptureSummary extends Omit<CaptureResult, "manifest"> {
  readonly warnings: CaptureResult["manifest"]["tail"]["warnings"];
  readonly warningCount: number;
  /** A run before this one had made it, and died before it could say so. */
  readonly isOld?: true;
}

/** How far a capture came. */
interface CaptureCursor {
  /** Hooks ran that the post-capture hooks have to take back. */
  readonly hooked?: boolean;
  /** The image that was whole and may have its name. */
  readonly image?: ImageId;
}

/** A capture as a job of one checkpoint: what is stored before its end is no image yet, and the next run finds it. */
export const captureKind: JobKind = {
  kind: "capture",
  planVersion: 1,
  checkpoints: ({ parameters, plan }) => [
    captureCheckpoint(fromJson<CaptureParameters>(parameters), fromJson<PlannedCapture>(plan)),
  ],
  hasRate: true,
  insteadOfUndo: () => "Remove the image with `rehome rm`.",
};

/** {@link capture} as a job. @throws {JobPausedError} @throws {JobCancelledError} And whatever `capture` throws. */
export async function captureAsJob(system: string, options: CaptureOptions & JobOptions = {}): Promise<CaptureResult> {
  const operand = parseOperand(system);
  // The same place, whatever directory it is resumed from; the slash says that it is a path.
  const place = operand.kind === "path" ? `${resolve(operand.path)}/` : system;
  return await captureByJob(captureKind, await planCaptureOf(system, options), place, options);
}

/** Runs a planned capture of `system` (a path is absolute) as a job of a kind. @throws As {@link captureAsJob}. */
export async function captureByJob(
  kind: JobKind,
  planned: PlannedCapture,
  system: string,
  options: CaptureOptions & JobOptions,
): Promise<CaptureResult> {
  const { paths = choosePaths(), store } = options;
  const rest = choicesOf(options);
  const sign = rest.sign === undefined ? undefined : resolve(rest.sign);
  // A key that cannot be used is refused before there is a job.
  if (sign !== undefined) await readSigningKey(sign);
  const parameters: CaptureParameters = {
    system,
    store: storePath({ ...(store !== undefined && { store }), paths }),
    paths,
    options: { ...rest, ...(sign !== undefined && { sign }) },
  };
  const { name, root } = planned.plan;
  const order = { title: `capture ${root} as ${name}`, parameters: toJson(parameters), plan: toJson(planned) };
  const run = async (): Promise<CaptureSummary> =>
    fromJson((await runAsJob(kind, order, { ...options, paths })).result);
  let summary = await run();
  // Whoever captures wants the system as it is now, not as it was when a job died that was as good as done.
  if (summary.isOld === true) summary = await run();
  const { isOld: _isOld, warnings: _warnings, warningCount: _count, ...result } = summary;
  using opened = await openStore({ store: parameters.store, paths });
  return { ...result, manifest: await opened.readManifest(result.name.image) };
}

/** The one checkpoint of a capture. */
export function captureCheckpoint(parameters: CaptureParameters, planned: PlannedCapture): Checkpoint {
  const { plan } = planned;
  const work = captureWork(parameters, planned);
  return {
    name: "capture",
    title: `Capture ${plan.root} as an image of ${plan.name}`,
    weight: 1,
    undo: "removes",
    async run(context) {
      const published = await work.findPublished(context);
      if (published) return toJson({ ...summaryOf(published), isOld: true } satisfies CaptureSummary);
      return toJson(summaryOf(await work.capture(context, captureAsPlanned)));
    },
    takeBack: (context) => work.takeBack(context, "capture"),
  };
}

/** What a checkpoint does that captures. */
export interface CaptureWork {
  /** What an earlier run had published before it died; undefined if it did not come that far. */
  findPublished(context: CheckpointContext): Promise<CaptureResult | undefined>;
  capture(context: CheckpointContext, captureAs: CaptureAs): Promise<CaptureResult>;
  takeBack(context: CheckpointContext, checkpoint: string): Promise<void>;
}

/** Makes what a checkpoint needs that captures, alone or beside something else; its cursor is this one's. */
export function captureWork({ store, paths, options }: CaptureParameters, planned: PlannedCapture): CaptureWork {
  const { plan } = planned;
  const postHooks = async (): Promise<void> => {
    const variables = { REHOME_NAME: plan.name, REHOME_ROOT: plan.root, REHOME_STORE: store };
    await runHooks(paths.hooksDirectory, "post-capture", variables);
  };
  return {
    async findPublished(context) {
      const cursor = fromJson<CaptureCursor | null>(context.cursor);
      // Whoever died with hooks run has not run those that take them back, or it cannot be told.
      if (cursor?.hooked === true) await postHooks();
      return cursor?.image === undefined ? undefined : await findPublished(cursor.image, store, paths);
    },
    async capture({ onProgress, signal, rateBytesPerSecond, saveCursor }, captureAs) {
      const started = options.rateBytesPerSecond;
      return await captureAs(
        planned,
        {
          ...options,
          paths,
          store,
          onProgress,
          signal,
          rateBytesPerSecond() {
            const asked = rateBytesPerSecond();
            if (asked === undefined) return typeof started === "number" ? started : undefined;
            return asked === Infinity ? undefined : asked;
          },
        },
        {
          runningHooks: () => saveCursor({ hooked: true }),
          publishing: (image) => saveCursor({ hooked: plan.steps.some(({ kind }) => kind === "run-hooks"), image }),
        },
      );
    },
    async takeBack({ cursor: kept, results }, checkpoint) {
      const cursor = fromJson<CaptureCursor | null>(kept);
      if (cursor?.hooked === true && (results.get(checkpoint) ?? null) === null) await postHooks();
      if (cursor?.image !== undefined) await removeNumberedNames(cursor.image, store, paths);
    },
  };
}

function summaryOf({ manifest, ...summary }: CaptureResult): CaptureSummary {
  const { warnings, warningCount } = manifest.tail;
  return { ...summary, warnings, warningCount };
}

async function findPublished(image: ImageId, store: string, paths: Paths): Promise<CaptureResult | undefined> {
  const options = { store, paths };
  using opened = await openStore(options);
  const name = (await listImageNames(opened.blobs)).find((candidate) => candidate.image === image);
  if (name === undefined) return undefined;
  const manifest = await opened.readManifest(name.image);
  return { name, manifest, unchangedFiles: 0, unreadable: 0, durationMs: manifest.tail.durationMs };
}

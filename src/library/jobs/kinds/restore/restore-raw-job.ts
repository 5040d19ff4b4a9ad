import { parseImageOperand } from "../../../../core/operand.ts";
import type { JobOrder } from "../../../../engine/run/create-job.ts";
import type { Checkpoint, JobKind } from "../../../../engine/job-kind.ts";
import type { JobRecord } from "../../../../engine/job.ts";
import type { ImageName } from "../../../../image/store/image-names.ts";
import {
  planRestoreOf,
  type PlannedRestore,
  type RestoreOptions,
  type RestoreResult,
} from "../../../restore/restore.ts";
import { resolve } from "node:path";
import {
  parseStreamPlaces,
  planStreamPlaces,
  type PlannedStreamPlace,
  type StreamPlace,
} from "../../../restore/streams/plan-targets.ts";
import { choosePaths } from "../../../settings/settings.ts";
import { storePath } from "../../../store/store.ts";
import { showImage, storeOf } from "../../../images/images.ts";
import { fromJson, toJson } from "../../json.ts";
import { choicesOf, hasUnfinished, runAsJob, type JobOptions } from "../../run-as-job.ts";
import { remainsOf, restoreCheckpoint, type RestoreParameters } from "./restore-job.ts";
import { streamCheckpoint, streamRemains, type RestoredStream } from "./stream-checkpoint.ts";

/** Where the streams of an image go, beside a restore of its tree or alone. */
export interface RestoreRawOptions extends RestoreOptions {
  /** `NAME=DEVICE-OR-FILE`; a file must not be there. */
  readonly raw: readonly string[];
  /** Devices whose content may be lost. */
  readonly mayErase?: readonly string[];
}

/** What a restore with streams made. */
export interface RestoredWithStreams {
  readonly name: ImageName;
  readonly tree: RestoreResult | undefined;
  readonly streams: readonly RestoredStream[];
}

/** What a restore with streams would do. */
export interface PlannedRestoreRaw {
  readonly name: ImageName;
  readonly tree: PlannedRestore | undefined;
  readonly streams: readonly PlannedStreamPlace[];
}

/** What the job keeps; the tree's part is absent where streams alone are restored. */
interface RawParameters {
  readonly tree: RestoreParameters | null;
  readonly image: string;
  readonly store: string;
  readonly paths: RestoreParameters["paths"];
  readonly streams: readonly StreamPlace[];
}

/** A restore with raw streams: first the tree, then files, then devices, which nothing brings back. */
export const restoreRawKind: JobKind = {
  kind: "restore-raw",
  planVersion: 1,
  checkpoints({ id, parameters }) {
    const { tree, streams, ...source } = fromJson<RawParameters>(parameters);
    return [
      ...(tree === null ? [] : [restoreCheckpoint(id, tree, undefined)]),
      ...streams.map((place, at): Checkpoint => streamCheckpoint(id, source, place, at + 1)),
    ];
  },
  insteadOfUndo: () => "What was on the device is gone, unless an image of it is kept: restore that one.",
  remains: (job) => [...remainsOf(job), ...streamRemains(job)],
};

/**
 * Says what {@link restoreRawAsJob} would do; changes nothing.
 *
 * @throws {StreamNotFoundError} @throws {DeviceRefusedError} @throws {TargetUnsuitableError}
 */
export async function planRestoreRaw(
  image: string,
  directory: string | undefined,
  options: RestoreRawOptions & { readonly compare?: boolean },
): Promise<PlannedRestoreRaw> {
  const operand = parseImageOperand(image);
  const places = parseStreamPlaces(options.raw);
  const tree = directory === undefined ? undefined : await planRestoreOf(image, directory, options);
  const { name, manifest } = await showImage(image, storeOf(operand, options));
  return { name, tree, streams: await planStreamPlaces(manifest, places, options.mayErase ?? []) };
}

/**
 * Restores raw streams of an image to devices and files, after its tree if `directory` is given, as one job. Each is read back.
 *
 * @throws As {@link planRestoreRaw}, before anything is written. @throws {StreamDiffersError} @throws {JobPausedError} @throws {JobCancelledError}
 */
export async function restoreRawAsJob(
  image: string,
  directory: string | undefined,
  options: RestoreRawOptions & JobOptions,
): Promise<RestoredWithStreams> {
  const { paths = choosePaths() } = options;
  const { raw, mayErase: _mayErase, ...rest } = choicesOf(options);
  const place = { ...storeOf(parseImageOperand(image), options), paths };
  const { name } = await showImage(image, place);
  const source = { image: `@${name.image}`, store: storePath(place), paths };
  const places = parseStreamPlaces(raw);
  const streams = [...places.filter(({ kind }) => kind === "file"), ...places.filter(({ kind }) => kind === "device")];
  const tree = directory === undefined ? null : { ...source, directory: resolve(directory), options: rest };
  const targets = [...(tree === null ? [] : [tree.directory]), ...streams.map(({ path }) => path)];
  const order: JobOrder = {
    title: `restore ${name.name}:${name.tag} to ${targets.join(", ")}`,
    parameters: toJson({ tree, ...source, streams } satisfies RawParameters),
    plan: null,
  };
  try {
    // What is refused is refused before there is a job.
    await planRestoreRaw(image, directory, { ...options, compare: false });
  } catch (error) {
    // Unless a job of before has written a part already: then the targets are not what they were.
    if (!(await hasUnfinished(restoreRawKind, order, paths))) throw error;
  }
  return resultOf(name, await runAsJob(restoreRawKind, order, { ...options, paths }));
}

function resultOf(name: ImageName, { checkpoints }: JobRecord): RestoredWithStreams {
  const results = checkpoints.map((checkpoint) => ({ ...checkpoint, isTree: checkpoint.name === "restore" }));
  const tree = results.find(({ isTree }) => isTree);
  return {
    name,
    tree: tree && fromJson<RestoreResult>(tree.result),
    streams: results.filter(({ isTree }) => !isTree).map(({ result }) => fromJson<RestoredStream>(result)),
  };
}

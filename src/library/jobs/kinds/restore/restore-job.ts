import { resolve } from "node:path";
import { parseImageOperand } from "../../../../core/operand.ts";
import type { JobOrder } from "../../../../engine/run/create-job.ts";
import type { Checkpoint, CheckpointContext, JobKind } from "../../../../engine/job-kind.ts";
import type { JobId, JobRecord } from "../../../../engine/job.ts";
import type { ImageId, ImageName } from "../../../../image/store/image-names.ts";
import {
  identityOf,
  isFinished,
  isInPlace,
  takeBackRestore,
  traceRestore,
  type RestoreTrace,
} from "../../../../system/restore/take-back.ts";
import type { WrittenTree } from "../../../../system/restore/run.ts";
import { TargetUnsuitableError } from "../../../../system/restore/errors.ts";
import { showImage, storeOf } from "../../../images/images.ts";
import {
  leftOutBelow,
  planRestoreOf,
  restore,
  restoreWithNotices,
  type RestoreOptions,
  type RestoreResult,
} from "../../../restore/restore.ts";
import { restorePorts } from "../../../restore/restore-ports.ts";
import { choosePaths, trustingAnybody, type Paths } from "../../../settings/settings.ts";
import { openStore, storePath } from "../../../store/store.ts";
import type { WriteThreads } from "../../../settings/write-pool.ts";
import { assertUntouched } from "./assert-untouched.ts";
import { fromJson, toJson } from "../../json.ts";
import { removeNumberedNames } from "../remove-numbered-names.ts";
import { choicesOf, hasUnfinished, runAsJob, type JobOptions } from "../../run-as-job.ts";

/** What a restore is told that its job keeps. */
export type RestoreJobOptions = Omit<RestoreOptions, keyof JobOptions | "store">;

/** What a restore's job keeps of how it was called; all paths absolute, the image by its id. */
export interface RestoreParameters {
  readonly image: string;
  readonly directory: string;
  readonly store: string;
  readonly paths: Paths;
  readonly options: RestoreJobOptions;
}

/** How far a restore came: into a new directory, or over an existing one. */
type RestoreCursor =
  | {
      readonly kind: "write";
      readonly trace: RestoreTrace;
      /** What was written, once it is about to take its place. */
      readonly written?: WrittenTree;
      readonly isUndoing?: true;
    }
  | {
      readonly kind: "converge";
      readonly target: string;
      /** The image that holds what was there. */
      readonly backup: ImageId;
      /** Before, that image has no name yet and nothing was changed; from `undoing` on the directory is put back; then it is `put-back`. */
      readonly phase: "backing-up" | "changing" | "undoing" | "put-back";
    };

/** A restore as a job of one checkpoint; the restore itself knows how far it came. */
export const restoreKind: JobKind = restoreKindWith(undefined);

function restoreKindWith(threads: WriteThreads | undefined): JobKind {
  return {
    kind: "restore",
    planVersion: 1,
    checkpoints: ({ id, parameters }) => [restoreCheckpoint(id, fromJson<RestoreParameters>(parameters), threads)],
    insteadOfUndo,
    remains: remainsOf,
  };
}

/** {@link restore} as a job. `threads`, which may have been started, stay the caller's to dispose of. @throws {JobPausedError} @throws {JobCancelledError} And whatever `restore` throws. */
export async function restoreAsJob(
  image: string,
  directory: string,
  options: RestoreOptions & JobOptions = {},
  threads?: WriteThreads,
): Promise<RestoreResult> {
  const { paths = choosePaths() } = options;
  const rest = choicesOf(options);
  const operand = parseImageOperand(image);
  const place = { ...storeOf(operand, options), paths };
  // The image is the one that the name leads to now.
  const orderFor = ({ image: id, name, tag }: ImageName): JobOrder => ({
    title: `restore ${name}:${tag} to ${resolve(directory)}`,
    parameters: toJson({
      image: `@${id}`,
      directory: resolve(directory),
      store: storePath(place),
      paths,
      options: rest,
    } satisfies RestoreParameters),
    plan: null,
  });
  const kind = restoreKindWith(threads);
  let order: JobOrder;
  try {
    // What is refused is refused before there is a job.
    order = orderFor((await planRestoreOf(image, directory, { ...options, compare: false })).name);
  } catch (error) {
    if (!(error instanceof TargetUnsuitableError)) throw error;
    // Unless a job of before has put the tree there, and died before it could note that it was done.
    order = orderFor((await showImage(image, place)).name);
    if (!(await hasUnfinished(kind, order, paths))) throw error;
  }
  const { result } = await runAsJob(kind, order, { ...options, paths });
  return fromJson(result);
}

/** The one checkpoint of a restore of a tree. */
export function restoreCheckpoint(
  id: JobId,
  parameters: RestoreParameters,
  threads: WriteThreads | undefined,
): Checkpoint {
  const { image, directory, store, paths, options } = parameters;
  const isFinal = options.intoExisting === true && (options.delete === true || options.backup === false);
  return {
    name: "restore",
    title: `Restore ${image.slice(0, 13)} to ${directory}`,
    weight: 1,
    undo: isFinal ? "none" : options.intoExisting === true ? "puts back" : "removes",
    run: async (context) => toJson(await restoreWith(context)),
    ...(!isFinal && { takeBack }),
  };

  async function restoreWith({ cursor, saveCursor, onProgress, signal }: CheckpointContext): Promise<RestoreResult> {
    let kept = fromJson<RestoreCursor | null>(cursor);
    if (kept?.kind === "write" && kept.written && isFinished(kept.trace))
      return await resultOf(kept.trace, kept.written);
    const keep = async (next: RestoreCursor): Promise<void> => {
      kept = next;
      await saveCursor(toJson(next));
    };
    return await restoreWithNotices(
      image,
      directory,
      { ...options, store, paths, onProgress, signal },
      {
        job: id,
        async planned(plan) {
          // What was there before is what the first run found.
          if (kept === null && plan.mode !== "converge")
            await keep({ kind: "write", trace: traceRestore(plan, restorePorts()) });
        },
        async publishing(root, written) {
          if (kept?.kind === "write")
            await keep({ kind: "write", trace: { ...kept.trace, root: identityOf(root) }, written });
        },
        backup: kept?.kind === "converge" ? kept.backup : undefined,
        async backingUp(backup) {
          // Once something was changed, what is there now is not what was there before.
          if (kept?.kind === "converge" && kept.phase !== "backing-up") return;
          await keep({ kind: "converge", target: resolve(directory), backup, phase: "backing-up" });
        },
        async backedUp() {
          if (kept?.kind === "converge") await keep({ ...kept, phase: "changing" });
        },
      },
      threads,
    );
  }

  /** What a run that died before it could say so had made. */
  async function resultOf({ target }: RestoreTrace, written: WrittenTree): Promise<RestoreResult> {
    const operand = parseImageOperand(image);
    using opened = await openStore({ store, paths });
    await using found = await opened.openImage(operand, "end a restore");
    const { name } = found;
    const { entries, files, bytes } = name;
    const leftOut = leftOutBelow(found, options);
    return { name, directory: target, entries, files, bytes, resumed: true, ...written, leftOut, durationMs: 0 };
  }

  async function takeBack(context: CheckpointContext): Promise<void> {
    const kept = fromJson<RestoreCursor | null>(context.cursor);
    const result = fromJson<RestoreResult | null>(context.results.get("restore") ?? null);
    const { saveCursor, signal } = context;
    if (kept?.kind === "write") {
      if (result !== null && kept.isUndoing !== true && isInPlace(kept.trace))
        await assertUntouched(id, kept.trace.target, result, { parameters, signal });
      await saveCursor(toJson({ ...kept, isUndoing: true } satisfies RestoreCursor));
      takeBackRestore(kept.trace, restorePorts());
    } else if (kept?.kind === "converge") await putBack(kept, result, context);
  }

  async function putBack(
    kept: RestoreCursor & { readonly kind: "converge" },
    result: RestoreResult | null,
    { saveCursor, onProgress, signal }: CheckpointContext,
  ): Promise<void> {
    const { target, backup, phase } = kept;
    const place = { store, paths: trustingAnybody(paths) };
    if (result !== null && phase === "changing")
      await assertUntouched(id, target, result, { parameters, backup, signal });
    if (phase === "changing" || phase === "undoing") {
      await saveCursor(toJson({ ...kept, phase: "undoing" } satisfies RestoreCursor));
      const exactly = { intoExisting: true, delete: true, backup: false };
      await restore(`@${backup}`, target, { ...place, ...exactly, onProgress, signal });
      await saveCursor(toJson({ ...kept, phase: "put-back" } satisfies RestoreCursor));
    }
    await removeNumberedNames(backup, store, paths);
  }
}

/** A stage that nobody will go on with. */
export function remainsOf({ checkpoints }: JobRecord): readonly string[] {
  const cursor = fromJson<RestoreCursor | null>(checkpoints[0]?.cursor ?? null);
  return cursor?.kind === "write" && cursor.trace.stage !== undefined ? [cursor.trace.stage] : [];
}

function insteadOfUndo({ result }: JobRecord): string {
  const backup = fromJson<{ readonly backup?: ImageName } | null>(result)?.backup;
  if (backup === undefined) return "Restore an image of the state from before, if there is one.";
  const { name, tag } = backup;
  return `What was there is in image ${name}:${tag}: \`rehome restore ${name}:${tag} DIR --into-existing --delete\` brings it back.`;
}

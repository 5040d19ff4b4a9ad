import { resolve } from "node:path";
import { parseImageOperand } from "../../core/operand.ts";
import { displayBytes } from "../../core/tree/byte-string.ts";
import { UndoRefusedError } from "../../engine/errors.ts";
import type { Checkpoint, CheckpointContext, JobKind } from "../../engine/job-kind.ts";
import type { JobId, JobRecord } from "../../engine/job.ts";
import type { ImageName } from "../../image/store/image-names.ts";
import {
  identityOf,
  isInPlace,
  takeBackRestore,
  traceRestore,
  type RestoreTrace,
} from "../../system/restore/take-back.ts";
import { storeOf } from "../images.ts";
import { planRestoreOf, restore, restoreWithNotices, type RestoreOptions, type RestoreResult } from "../restore.ts";
import { checkTarget } from "../restore-check.ts";
import { restorePorts } from "../restore-ports.ts";
import { choosePaths, type Paths } from "../settings.ts";
import { openStore, storePath } from "../store.ts";
import type { WriteThreads } from "../write-pool.ts";
import { fromJson, toJson } from "./json.ts";
import { runAsJob, type JobOptions } from "./run-as-job.ts";

type RestoreJobOptions = Omit<RestoreOptions, keyof JobOptions | "store">;

/** What a restore's job keeps of how it was called; all paths absolute, the image by its id. */
interface RestoreParameters {
  readonly image: string;
  readonly directory: string;
  readonly store: string;
  readonly paths: Paths;
  readonly options: RestoreJobOptions;
}

/** How far a restore came: into a new directory, or over an existing one. */
type RestoreCursor =
  | { readonly kind: "write"; readonly trace: RestoreTrace }
  /** `backup` is the id of the image that holds what was there; absent if nothing had to be changed. */
  | { readonly kind: "converge"; readonly target: string; readonly backup?: string };

/** A restore as a job of one checkpoint; the restore itself knows how far it came. */
export const restoreKind: JobKind = restoreKindWith(undefined);

function restoreKindWith(threads: WriteThreads | undefined): JobKind {
  return {
    kind: "restore",
    planVersion: 1,
    checkpoints: ({ id, parameters }) => [restoreCheckpoint(id, fromJson<RestoreParameters>(parameters), threads)],
    insteadOfUndo,
  };
}

/** {@link restore} as a job. `threads`, which may have been started, stay the caller's to dispose of. @throws {JobPausedError} @throws {JobCancelledError} And whatever `restore` throws. */
export async function restoreAsJob(
  image: string,
  directory: string,
  options: RestoreOptions & JobOptions = {},
  threads?: WriteThreads,
): Promise<RestoreResult> {
  const {
    onProgress: _onProgress,
    signal: _signal,
    onJob: _onJob,
    paths = choosePaths(),
    store: _store,
    ...rest
  } = options;
  const operand = parseImageOperand(image);
  const place = { ...storeOf(operand, options), paths };
  // What is refused is refused before there is a job, and the image is the one that the name leads to now.
  const { plan, name } = await planRestoreOf(image, directory, { ...options, compare: false });
  const parameters: RestoreParameters = {
    image: `@${name.image}`,
    directory: resolve(directory),
    store: storePath(place),
    paths,
    options: rest,
  };
  const title = `restore ${name.name}:${name.tag} to ${plan.target}`;
  const { result } = await runAsJob(
    restoreKindWith(threads),
    { title, parameters: toJson(parameters), plan: null },
    { ...options, paths },
  );
  return fromJson(result);
}

function restoreCheckpoint(
  id: JobId,
  { image, directory, store, paths, options }: RestoreParameters,
  threads: WriteThreads | undefined,
): Checkpoint {
  const isFinal = options.intoExisting === true && (options.delete === true || options.backup === false);
  const place = { store, paths };
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
    const keep = async (next: RestoreCursor): Promise<void> => {
      kept = next;
      await saveCursor(toJson(next));
    };
    return await restoreWithNotices(
      image,
      directory,
      { ...options, ...place, onProgress, signal },
      {
        job: id,
        async planned(plan) {
          // What was there before is what the first run found.
          if (kept === null && plan.mode !== "converge") await keep({ kind: "write", trace: traceRestore(plan) });
        },
        async publishing(root) {
          if (kept?.kind === "write") await keep({ kind: "write", trace: { ...kept.trace, root: identityOf(root) } });
        },
        async backedUp(backup) {
          if (kept === null && backup)
            await keep({ kind: "converge", target: resolve(directory), backup: backup.image });
        },
      },
      threads,
    );
  }

  async function takeBack({ cursor, results, onProgress, signal }: CheckpointContext): Promise<void> {
    const kept = fromJson<RestoreCursor | null>(cursor);
    if (kept === null) return;
    if (kept.kind === "write") {
      if ((results.get("restore") ?? null) !== null && isInPlace(kept.trace))
        await assertUntouched(kept.trace.target, signal);
      takeBackRestore(kept.trace, restorePorts());
    } else if (kept.backup !== undefined)
      await restore(`@${kept.backup}`, kept.target, {
        ...place,
        intoExisting: true,
        delete: true,
        backup: false,
        onProgress,
        signal,
      });
  }

  /** A tree that somebody has worked in since is not ours to remove. */
  async function assertUntouched(root: string, signal: AbortSignal): Promise<void> {
    using opened = await openStore(place);
    await using found = await opened.openImage(parseImageOperand(image), "undo a restore");
    if (options.path !== undefined) return;
    const settings = { store: opened, manifest: found.manifest, root, path: "" as never, fromDevice: false };
    const { differences } = await checkTarget({ ...settings, onProgress: () => undefined, signal });
    const [first] = differences;
    if (first === undefined) return;
    throw new UndoRefusedError(
      id,
      `"${root}" was changed since, at "/${displayBytes(first.path)}" for one (${differences.length} in all)`,
      `Remove "${root}" by hand if nothing in it is needed.`,
    );
  }
}

function insteadOfUndo({ result }: JobRecord): string {
  const backup = fromJson<{ readonly backup?: ImageName } | null>(result)?.backup;
  if (backup === undefined) return "Restore an image of the state from before, if there is one.";
  const { name, tag } = backup;
  return `What was there is in image ${name}:${tag}: \`rehome restore ${name}:${tag} DIR --into-existing --delete\` brings it back.`;
}

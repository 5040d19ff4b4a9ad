import { resolve } from "node:path";
import { UsageError } from "../../core/errors.ts";
import { copyImages, type CopyResult } from "../../image/copy/copy-images.ts";
import { matchesPattern } from "../../image/retention/plan-forget.ts";
import { listImageNames, type ImageName } from "../../image/store/image-names.ts";
import { limitRate } from "../../system/capture/reading/rate-limit.ts";
import type { OnProgress } from "../../core/progress.ts";
import { choosePaths, type Paths } from "../settings/settings.ts";
import { openOrCreateStore, openStore } from "./store.ts";

/** How to copy. */
export interface CopyOptions {
  readonly paths?: Paths;
  /** What opens the target, where that is another key file than the source's. */
  readonly targetKeyFile?: string;
  readonly rateBytesPerSecond?: () => number | undefined;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** The names in a store that patterns mean. @throws {UsageError} If one means nothing. */
export async function findNames(
  store: string,
  patterns: readonly string[] | undefined,
  paths: Paths = choosePaths(),
): Promise<readonly ImageName[]> {
  using opened = await openStore({ store, paths });
  const all = await listImageNames(opened.blobs);
  const idle = patterns?.find((pattern) => !all.some((name) => matchesPattern(pattern, name)));
  if (idle !== undefined)
    throw new UsageError(
      `cannot find "${idle}": it means no image of ${opened.blobs.location}`,
      "`rehome images` shows all images.",
    );
  return patterns === undefined ? all : all.filter((name) => patterns.some((pattern) => matchesPattern(pattern, name)));
}

/**
 * Copies names that {@link findNames} gave to another store, made if there is none: only what is missing there, as it is stored, and
 * reads it back.
 *
 * @throws {ObjectExistsError} If a name leads to another image in the target; nothing is copied then. @throws {UsageError}
 */
export async function copyNames(
  source: string,
  target: string,
  names: readonly ImageName[],
  options: CopyOptions,
): Promise<CopyResult> {
  const paths = options.paths ?? choosePaths();
  const targetPaths =
    options.targetKeyFile === undefined ? paths : { ...paths, keyFile: resolve(options.targetKeyFile) };
  using from = await openStore({ store: source, paths });
  using to = await openOrCreateStore({ store: target, paths: targetPaths });
  if (from.description.id === to.description.id)
    throw new UsageError(`cannot copy "${source}" to "${target}": they are the same store`, "Name two stores.");
  const limit = limitRate(options.rateBytesPerSecond ?? (() => undefined));
  return await copyImages(from, to, names, {
    onProgress: options.onProgress ?? (() => undefined),
    take: (bytes, signal) => limit.take(bytes, signal),
    ...(options.signal && { signal: options.signal }),
  });
}

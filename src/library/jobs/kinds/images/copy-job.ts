import { resolve } from "node:path";
import type { JobKind } from "../../../../engine/job-kind.ts";
import type { CopyResult } from "../../../../image/copy/copy-images.ts";
import { StoreNotFoundError } from "../../../../image/errors.ts";
import { listImageNames, removeName, type ImageName } from "../../../../image/store/image-names.ts";
import { copyNames, findNames, type CopyOptions } from "../../../store/copy.ts";
import { choosePaths, type Paths } from "../../../settings/settings.ts";
import { openStore, storePath } from "../../../store/store.ts";
import { fromJson, toJson } from "../../json.ts";
import { runAsJob, type JobOptions } from "../../run-as-job.ts";

/** What a copy's job keeps of how it was called; all paths absolute, the names as they were then. */
interface CopyParameters {
  readonly source: string;
  readonly target: string;
  readonly paths: Paths;
  readonly names: readonly ImageName[];
  readonly targetKeyFile?: string;
  readonly rateBytesPerSecond?: number;
}

/** Names that the target already had. */
interface CopyCursor {
  readonly before: readonly Pick<ImageName, "name" | "tag">[];
}

/** A copy between stores as a job of one checkpoint: blocks that came over are found by the next run. */
export const copyKind: JobKind = {
  kind: "copy",
  planVersion: 1,
  checkpoints({ parameters }) {
    const { source, target, paths, names, targetKeyFile, rateBytesPerSecond } = fromJson<CopyParameters>(parameters);
    const place = { store: target, paths: targetKeyFile === undefined ? paths : { ...paths, keyFile: targetKeyFile } };
    return [
      {
        name: "copy",
        title: `Copy ${names.length} names of images from ${source} to ${target}`,
        weight: 1,
        undo: "removes",
        async run({ cursor, saveCursor, onProgress, signal, rateBytesPerSecond: rate }) {
          if (cursor === null) {
            const there = await namesIn(place);
            const before = names.filter(({ name, tag }) =>
              there.some((other) => other.name === name && other.tag === tag),
            );
            await saveCursor(toJson({ before: before.map(({ name, tag }) => ({ name, tag })) } satisfies CopyCursor));
          }
          return toJson(
            await copyNames(source, target, names, {
              paths,
              onProgress,
              signal,
              rateBytesPerSecond: () => rate() ?? rateBytesPerSecond,
              ...(targetKeyFile !== undefined && { targetKeyFile }),
            }),
          );
        },
        async takeBack({ cursor }) {
          if (cursor === null) return;
          const { before } = fromJson<CopyCursor>(cursor);
          using store = await openStore(place);
          for (const { name, tag } of names)
            if (!before.some((other) => other.name === name && other.tag === tag))
              await removeName(store.blobs, { name, tag });
        },
      },
    ];
  },
  hasRate: true,
  insteadOfUndo: () => "Remove the copies with `rehome rm`.",
};

/** Copies images from a store to another one as a job. @throws {JobPausedError} @throws {JobCancelledError} And whatever `copyNames` throws. */
export async function copyAsJob(
  source: string,
  target: string,
  options: Omit<CopyOptions, "rateBytesPerSecond"> &
    JobOptions & {
      /** `NAME` or `NAME:TAG` with `*` and `?`; all images by default. */
      readonly images?: readonly string[];
      readonly rateBytesPerSecond?: number;
    } = {},
): Promise<CopyResult> {
  const { paths = choosePaths(), images, targetKeyFile, rateBytesPerSecond } = options;
  const from = storePath({ store: source, paths });
  const to = storePath({ store: target, paths });
  const parameters: CopyParameters = {
    source: from,
    target: to,
    paths,
    names: await findNames(from, images, paths),
    ...(targetKeyFile !== undefined && { targetKeyFile: resolve(targetKeyFile) }),
    ...(rateBytesPerSecond !== undefined && { rateBytesPerSecond }),
  };
  const order = { title: `copy images from ${from} to ${to}`, parameters: toJson(parameters), plan: null };
  const { result } = await runAsJob(copyKind, order, { ...options, paths });
  return fromJson(result);
}

/** No names where there is no store yet. */
async function namesIn(place: { readonly store: string; readonly paths: Paths }): Promise<readonly ImageName[]> {
  try {
    using store = await openStore(place);
    return await listImageNames(store.blobs);
  } catch (error) {
    if (error instanceof StoreNotFoundError) return [];
    throw error;
  }
}

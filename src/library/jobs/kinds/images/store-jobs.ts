import type { JobKind } from "../../../../engine/job-kind.ts";
import { listImageNames, type ImageName } from "../../../../image/store/image-names.ts";
import type { PruneResult } from "../../../../image/care/prune.ts";
import { removeImage } from "../../../images/images.ts";
import { choosePaths, type Paths } from "../../../settings/settings.ts";
import { pruneStore } from "../../../store/store-care.ts";
import { openStore, storePath, type StoreOptions } from "../../../store/store.ts";
import { fromJson, toJson } from "../../json.ts";
import { runAsJob, type JobOptions } from "../../run-as-job.ts";

interface PruneParameters {
  readonly store: string;
  readonly paths: Paths;
  readonly minNeededShare?: number;
}

/** A prune as a job: what it removes nobody brings back, so there is no undo from its first moment. */
export const pruneKind: JobKind = {
  kind: "prune",
  planVersion: 1,
  checkpoints({ parameters }) {
    const options = fromJson<PruneParameters>(parameters);
    return [
      {
        name: "prune",
        title: `Remove what no image needs from ${options.store}`,
        weight: 1,
        undo: "none",
        run: async ({ onProgress, signal }) => toJson(await pruneStore({ ...options, onProgress, signal })),
      },
    ];
  },
  insteadOfUndo: ({ id }) => `It removed only what no image needs. \`rehome job resume ${id}\` finishes it.`,
};

/** `pruneStore` as a job. @throws {JobPausedError} @throws {JobCancelledError} And whatever `pruneStore` throws. */
export async function pruneAsJob(
  options: StoreOptions & JobOptions & { readonly minNeededShare?: number } = {},
): Promise<PruneResult> {
  const { paths = choosePaths(), minNeededShare } = options;
  const store = storePath({ ...options, paths });
  const parameters = { store, paths, ...(minNeededShare !== undefined && { minNeededShare }) };
  const order = { title: `prune ${store}`, parameters: toJson(parameters satisfies PruneParameters), plan: null };
  const { result } = await runAsJob(pruneKind, order, { ...options, paths });
  return fromJson(result);
}

interface RemoveParameters {
  readonly store: string;
  readonly paths: Paths;
  /** The names to remove, as they were when the job was made. */
  readonly names: readonly Pick<ImageName, "name" | "tag" | "image">[];
}

/** The removal of an image's names as a job; from the next prune on nobody brings the image back. */
export const removeKind: JobKind = {
  kind: "rm",
  planVersion: 1,
  checkpoints({ parameters }) {
    const { names, ...place } = fromJson<RemoveParameters>(parameters);
    return [
      {
        name: "remove-names",
        title: `Remove ${names.map(({ name, tag }) => `${name}:${tag}`).join(", ")}`,
        weight: 1,
        undo: "none",
        async run() {
          using store = await openStore(place);
          const there = await listImageNames(store.blobs);
          for (const { name, tag, image } of names)
            // A name that leads elsewhere by now was given anew after this had removed it.
            if (there.some((other) => other.name === name && other.tag === tag && other.image === image))
              await removeImage(`${name}:${tag}`, place);
          return null;
        },
      },
    ];
  },
  insteadOfUndo: () =>
    "Capture the system again: what the store still has of it, until the next prune, is not stored anew.",
};

/** Removes names of images of one store as a job. @throws {JobPausedError} @throws {JobCancelledError} */
export async function removeAsJob(names: readonly ImageName[], options: StoreOptions & JobOptions = {}): Promise<void> {
  const { paths = choosePaths() } = options;
  const parameters: RemoveParameters = {
    store: storePath({ ...options, paths }),
    paths,
    names: names.map(({ name, tag, image }) => ({ name, tag, image })),
  };
  const title = `rm ${names.map(({ name, tag }) => `${name}:${tag}`).join(" ")}`;
  await runAsJob(removeKind, { title, parameters: toJson(parameters), plan: null }, { ...options, paths });
}

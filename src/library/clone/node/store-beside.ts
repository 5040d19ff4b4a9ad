import type { TreePath } from "../../../core/tree/byte-string.ts";
import { StoreNotFoundError } from "../../../image/errors.ts";
import { readDescription } from "../../../image/store/image-store.ts";
import type { NodeIndex } from "../../../journeys/clone/node/node-index.ts";
import type { TakingTarget } from "../../../journeys/clone/node/receive-image.ts";
import { StoredFrames } from "../../../journeys/clone/node/stored-frames.ts";
import type { Paths } from "../../settings/settings.ts";
import { openBlobs, openStore, storePath } from "../../store/store.ts";

/** A store that a node has beside its target. */
export interface BesideOptions {
  /** What it has of the image is taken from there, and only the rest is fetched. It is only read. */
  readonly fromStore?: string;
}

/** Where that store is, absolute, and that it is there; no key is needed. @throws {StoreNotFoundError} @throws {UsageError} */
export async function findBeside({ fromStore }: BesideOptions, paths: Paths): Promise<BesideOptions> {
  if (fromStore === undefined) return {};
  const options = { store: fromStore, paths };
  const blobs = openBlobs(options);
  if ((await readDescription(blobs)) === undefined) throw new StoreNotFoundError(blobs.location);
  return { fromStore: storePath(options) };
}

/** Opens it, as it is now, until `parts` are disposed of; undefined where none was named. @throws {StoreNotFoundError} */
export async function openBeside(
  { fromStore }: BesideOptions,
  paths: Paths,
  index: NodeIndex,
  parts: DisposableStack,
): Promise<StoredFrames | undefined> {
  if (fromStore === undefined) return undefined;
  const store = parts.use(await openStore({ store: fromStore, paths }));
  await store.refresh(undefined, true);
  return new StoredFrames(store, index);
}

/** What a target takes where there is a store beside it: nothing before the index tells what that lacks. */
export function takeBeside(taking: TakingTarget): TakingTarget {
  return taking.isFresh ? { ...taking, isFresh: false, doneUpTo: "" as TreePath } : taking;
}

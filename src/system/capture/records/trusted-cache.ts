import { RehomeError } from "../../../core/errors.ts";
import type { Condemnation } from "../../../image/store/condemnation.ts";
import { findImageName } from "../../../image/store/image-names.ts";
import type { ImageStore } from "../../../image/store/image-store.ts";
import type { Session } from "../../../image/store/session.ts";
import { CaptureCacheReader, type CaptureCacheHeader, type CaptureCacheKey } from "./capture-cache.ts";

/** Opens the cache of the capture before, if the image it wrote can be relied on; the session then keeps that image. */
export async function openTrustedCache(
  path: string,
  key: CaptureCacheKey,
  store: ImageStore,
  session: Session,
  condemnations: readonly Condemnation[],
): Promise<CaptureCacheReader | undefined> {
  const cache = CaptureCacheReader.open(path, key);
  if (cache === undefined) return undefined;
  const { image } = cache.header;
  await session.need([image]);
  const usable =
    !condemnations.some(({ images }) => images.includes(image)) &&
    (await hasName(store, cache.header)) &&
    !(await hasLosses(store));
  if (usable) return cache;
  cache.close();
  return undefined;
}

/** Only of an image with a name it is known that everything it needs is there: of others a prune may have removed some before it condemns them. */
async function hasName(store: ImageStore, { image, name, tag }: CaptureCacheHeader): Promise<boolean> {
  try {
    return (await findImageName(store.blobs, { kind: "image", by: { kind: "name", name, tag } })).image === image;
  } catch (error) {
    if (error instanceof RehomeError) return false;
    throw error;
  }
}

/** Chunks that a repair took away may be in any image from before: then nothing is taken as stored without looking. */
async function hasLosses(store: ImageStore): Promise<boolean> {
  for await (const _ of store.blobs.list("lost/")) return true;
  return false;
}

import { listImageNames } from "../store/image-names.ts";
import type { ImageStore } from "../store/image-store.ts";
import { measurePackUse, Reachability } from "./reachability.ts";

/** What a store holds. */
export interface StoreStats {
  readonly id: string;
  readonly location: string;
  readonly images: number;
  readonly names: number;
  readonly packs: number;
  readonly chunks: number;
  /** What all packs take. */
  readonly storedBytes: number;
  /** Plain bytes of all chunks, each counted once. */
  readonly uniqueBytes: number;
  /** Sum of the sizes of all images, as if nothing were shared. */
  readonly logicalBytes: number;
  /** What a prune would free, at least. */
  readonly garbageBytes: number;
}

/** Measures a store. @throws {ObjectMissingError} @throws {ObjectDamagedError} If an image is damaged. */
export async function measureStore(store: ImageStore, signal?: AbortSignal): Promise<StoreStats> {
  await using _session = await store.beginReading("measure", []);
  const names = await listImageNames(store.blobs);
  await store.refresh(signal);
  const marks = new Reachability(store);
  for (const { image } of names) await marks.markImage(image, signal);
  const use = measurePackUse(store, marks);
  const byImage = new Map(names.map((name) => [name.image, name.bytes]));
  const { chunks, plainBytes } = store.index.totals();
  return {
    id: store.description.id,
    location: store.blobs.location,
    images: byImage.size,
    names: names.length,
    packs: use.length,
    chunks,
    storedBytes: [...store.index.packs().values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    uniqueBytes: plainBytes,
    logicalBytes: [...byImage.values()].reduce((sum, bytes) => sum + bytes, 0),
    garbageBytes: use.reduce((sum, { storedBytes, neededBytes }) => sum + storedBytes - neededBytes, 0),
  };
}

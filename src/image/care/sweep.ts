import { crashPoint } from "../../core/crash-points.ts";
import type { PackId } from "../format/pack.ts";
import { endCondemnation, type Condemnation } from "../store/condemnation.ts";
import type { ImageId } from "../store/image-names.ts";
import type { ImageStore } from "../store/image-store.ts";
import { packKey } from "../store/pack-reader.ts";
import type { Reachability } from "./reachability.ts";

/** What sweeps have removed so far. */
export interface Tally {
  removedPacks: number;
  removedImages: number;
  removedBytes: number;
}

/**
 * Deletes what a condemnation lists and nobody needs after all, then the condemnation. The sessions it waits for have ended, and
 * `marks` were made after that.
 */
export async function sweep(
  store: ImageStore,
  record: Condemnation,
  marks: Reachability,
  roots: ReadonlySet<ImageId>,
  tally: Tally,
): Promise<void> {
  for (const image of record.images) {
    if (roots.has(image as ImageId)) continue;
    await store.blobs.delete(`images/${image}`);
    tally.removedImages += 1;
  }
  crashPoint("prune.images-removed");
  const sizes = store.index.packs();
  const doomed = record.packs.filter(
    (pack) => !store.index.blocksOf(pack as PackId).some(({ block }) => marks.isMarked(block)),
  );
  for (const pack of doomed) {
    await store.blobs.delete(packKey(pack));
    crashPoint("prune.pack-removed");
    tally.removedPacks += 1;
    tally.removedBytes += sizes.get(pack as PackId)?.sizeBytes ?? 0;
  }
  store.index.removePacks(doomed);
  await endCondemnation(store.blobs, record.id);
  crashPoint("prune.swept");
}

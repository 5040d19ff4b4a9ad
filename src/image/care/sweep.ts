import { crashPoint } from "../../core/crash-points.ts";
import type { PackId } from "../format/pack.ts";
import { endCondemnation, type Condemnation } from "../store/condemnation.ts";
import type { ImageId } from "../store/image-names.ts";
import type { ImageStore } from "../store/image-store.ts";
import { packKey } from "../store/pack-reader.ts";
import type { Session } from "../store/session.ts";
import { removeSignatures } from "../signatures/stored-signatures.ts";
import type { Reachability } from "./reachability.ts";

/** What sweeps have removed so far. */
export interface Tally {
  removedPacks: number;
  removedImages: number;
  removedBytes: number;
}

/** The images that stay, and marks on all that they need. */
export interface Needed {
  readonly roots: ReadonlySet<ImageId>;
  readonly marks: Reachability;
}

/**
 * Deletes what a condemnation lists and nobody needs after all, then the condemnation. The sessions it waits for have ended, and
 * `needed` was found after that.
 *
 * @throws {SessionLapsedError} If the pruner slept so long that others may have gone on without it.
 */
export async function sweep(
  store: ImageStore,
  session: Session,
  record: Condemnation,
  { roots, marks }: Needed,
  tally: Tally,
): Promise<void> {
  await session.assertLive();
  for (const image of record.images) {
    if (roots.has(image as ImageId)) continue;
    await removeSignatures(store.blobs, image as ImageId);
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

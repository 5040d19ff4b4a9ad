import { ObjectMissingError } from "../errors.ts";
import type { PackId } from "../format/pack.ts";
import type { ImageStore } from "../store/image-store.ts";
import { readPackFooter } from "../store/pack-reader.ts";
import { PackWriter } from "../store/pack-writer.ts";
import type { PackUse, Reachability } from "./reachability.ts";

/** Copies the blocks of `packs` that are needed, as they are, into new packs; durable on return. */
export async function rewritePacks(store: ImageStore, packs: readonly PackUse[], marks: Reachability): Promise<number> {
  const writer = new PackWriter(store.blobs, store.index);
  const sizes = store.index.packs();
  for (const { pack, neededBlocks } of packs) {
    const footer = new Map(
      (await readPackFooter(store.blobs, pack as PackId, sizes.get(pack as PackId)?.sizeBytes ?? 0)).map((block) => [
        block.offset,
        block,
      ]),
    );
    for (const number of neededBlocks) {
      const location = store.chunks.block(number);
      const entry = footer.get(location.offset);
      const stored = (await store.chunks.readStored([location])).get(number);
      if (entry === undefined || stored === undefined) throw new ObjectMissingError(`block ${location.blockId}`);
      await writer.add({
        id: Buffer.from(entry.id, "hex"),
        codec: entry.codec,
        stored,
        plainBytes: entry.plainBytes,
        chunkIds: entry.chunkIds,
        chunkLengths: entry.chunkLengths,
      });
      marks.unmark(number);
    }
  }
  await writer.flush();
  return writer.storedBytes;
}

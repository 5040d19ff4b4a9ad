import { sha256 } from "../chunker/decode-block.ts";
import { ObjectDamagedError, ObjectMissingError } from "../errors.ts";
import type { PackId } from "../format/pack.ts";
import type { ImageStore } from "../store/image-store.ts";
import { packKey, readPackFooter } from "../store/pack-reader.ts";
import { PackWriter } from "../store/pack-writer.ts";
import type { PackUse } from "./reachability.ts";

/**
 * Copies the blocks of `packs` that are needed, as they are, into new packs; durable on return.
 *
 * @throws {ObjectDamagedError} If a block is not what its name says: the only copy that may be sound is not given up.
 */
export async function rewritePacks(store: ImageStore, packs: readonly PackUse[]): Promise<number> {
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
      if (sha256(stored).toString("hex") !== entry.id)
        throw new ObjectDamagedError(`block ${entry.id} in ${packKey(pack)}`, "its bytes do not match its name");
      await writer.add({
        id: Buffer.from(entry.id, "hex"),
        codec: entry.codec,
        stored,
        plainBytes: entry.plainBytes,
        chunkIds: entry.chunkIds,
        chunkLengths: entry.chunkLengths,
      });
    }
  }
  await writer.flush();
  return writer.storedBytes;
}

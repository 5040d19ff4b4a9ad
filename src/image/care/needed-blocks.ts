import { sha256 } from "../chunker/decode-block.ts";
import { ObjectDamagedError, ObjectMissingError } from "../errors.ts";
import type { BlockEntry, EncodedBlock, PackId } from "../format/pack.ts";
import type { ImageStore } from "../store/image-store.ts";
import { packKey, readPackFooter } from "../store/pack-reader.ts";
import type { PackUse } from "./reachability.ts";

/** A block that images need, as its pack's footer has it. */
export interface NeededBlock {
  readonly entry: BlockEntry;
  /** Reads it as it is stored, for another pack. @throws {ObjectDamagedError} If it is not what its name says. @throws {ObjectMissingError} */
  readonly read: () => Promise<EncodedBlock>;
}

/** The needed blocks of packs, pack by pack; a block itself is read only when that is asked for. @throws {ObjectMissingError} */
export async function* neededBlocks(
  store: ImageStore,
  packs: readonly PackUse[],
): AsyncGenerator<NeededBlock, void, undefined> {
  const sizes = store.index.packs();
  for (const { pack, neededBlocks: numbers } of packs) {
    if (numbers.length === 0) continue;
    const footer = await readPackFooter(store.blobs, pack as PackId, sizes.get(pack as PackId)?.sizeBytes ?? 0);
    const entries = new Map(footer.map((entry) => [entry.offset, entry]));
    for (const number of numbers) {
      const location = store.chunks.block(number);
      const entry = entries.get(location.offset);
      if (entry === undefined) throw new ObjectMissingError(`block ${location.blockId}`);
      yield {
        entry,
        async read() {
          const stored = (await store.chunks.readStored([location])).get(number);
          if (stored === undefined) throw new ObjectMissingError(`block ${entry.id}`);
          if (sha256(stored).toString("hex") !== entry.id)
            throw new ObjectDamagedError(`block ${entry.id} in ${packKey(pack)}`, "its bytes do not match its name");
          return encodedBlock(entry, stored);
        },
      };
    }
  }
}

/** A block as a pack writer takes it. */
export function encodedBlock(
  { id, codec, plainBytes, chunkIds, chunkLengths }: BlockEntry,
  stored: Buffer,
): EncodedBlock {
  return { id: Buffer.from(id, "hex"), codec, stored, plainBytes, chunkIds, chunkLengths };
}

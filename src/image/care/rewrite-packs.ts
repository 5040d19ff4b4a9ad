import type { ImageStore } from "../store/image-store.ts";
import { PackWriter } from "../store/pack-writer.ts";
import { neededBlocks } from "./needed-blocks.ts";
import type { PackUse } from "./reachability.ts";

/**
 * Copies the blocks of `packs` that are needed, as they are, into new packs; durable on return.
 *
 * @throws {ObjectDamagedError} If a block is not what its name says: the only copy that may be sound is not given up.
 */
export async function rewritePacks(store: ImageStore, packs: readonly PackUse[]): Promise<number> {
  const writer = new PackWriter(store.blobs, store.index);
  for await (const { read } of neededBlocks(store, packs)) await writer.add(await read());
  await writer.flush();
  return writer.storedBytes;
}

import { throwIfInterrupted } from "../../../core/errors.ts";
import type { OnProgress } from "../../../core/progress.ts";
import { BlockBuilder } from "../../../image/chunker/block-builder.ts";
import { decodeBlock, sha256 } from "../../../image/chunker/decode-block.ts";
import { checkCopies } from "../../../image/copy/copy-images.ts";
import { ObjectDamagedError } from "../../../image/errors.ts";
import { limits } from "../../../image/format/limits.ts";
import type { EncodedBlock } from "../../../image/format/pack.ts";
import { openBody } from "../../../image/format/seal.ts";
import type { CarriedBlock } from "../../../image/store/carried-block.ts";
import { assertNotGivenUp, readCondemnations } from "../../../image/store/condemnation.ts";
import {
  listImageNames,
  nameForManifest,
  putNameInSession,
  putNextName,
  type ImageId,
  type ImageName,
} from "../../../image/store/image-names.ts";
import type { ImageStore } from "../../../image/store/image-store.ts";
import { PackWriter } from "../../../image/store/pack-writer.ts";
import { Session } from "../../../image/store/session.ts";
import { findWrongChunk } from "./find-wrong-chunk.ts";
import { FrameSet } from "../chain/frame-set.ts";
import type { NodeIndex, PlacedChunk } from "./node-index.ts";
import type { NodeSession } from "./node-session.ts";
import type { ArrivingImage } from "./receive-image.ts";

/** An image that comes to a node whose target is a store. */
export interface StoreArrival {
  readonly store: ImageStore;
  readonly session: NodeSession;
  readonly index: NodeIndex;
  readonly arriving: ArrivingImage;
  /** Told of an image that is whole before it gets a name, where it had none. */
  readonly naming?: ((image: ImageId) => Promise<void>) | undefined;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

/**
 * Puts an image that comes in, and may be captured meanwhile, into a store, block by block as the golden node has them: only those are
 * asked for that bring a chunk which the store lacks. What was put is read back before the image gets its name. After a kill the same
 * call goes on.
 *
 * @throws {ObjectDamagedError} @throws {FormatInvalidError} @throws {InterruptedError}
 */
export async function storeImage(arrival: StoreArrival): Promise<ImageName> {
  const { store, index, arriving, onProgress, signal } = arrival;
  await using keeping = await Session.begin(store.blobs, store.probe, "receive a clone", []);
  const { condemnations } = await store.refresh(signal);
  const before = new Set(store.index.packs().keys());
  const writer = new PackWriter(store.blobs, store.index);
  await storeBlocks(arrival, writer);
  const { image, manifest } = await arriving.whole;
  await keeping.need([image]);
  for (const block of indexBlocks(store, index, image)) await writer.add(block);
  await writer.flush();
  await store.blobs.put(`images/${image}`, [index.part(image)]);
  await checkCopies(store, [image], before, { onProgress, ...(signal && { signal }) });
  assertNotGivenUp(condemnations, await readCondemnations(store.blobs), keeping.id);
  const known = (await listImageNames(store.blobs)).find((name) => name.image === image);
  if (known) return known;
  await arrival.naming?.(image);
  const { plainBytes: newBytes, storedBytes } = writer;
  const name = { ...nameForManifest(image, manifest), newBytes, storedBytes };
  return await putNameInSession(store.blobs, keeping, () => putNextName(store.blobs, name));
}

/** Takes the blocks that the store lacks, as they come. */
async function storeBlocks(
  { store, session, index, arriving, onProgress, signal }: StoreArrival,
  writer: PackWriter,
): Promise<void> {
  let [bytes, items] = [0, 0];
  const wanted = new FrameSet();
  await arriving.ask((frame) => {
    const isWanted = !isInStore(store, index.chunksOf(frame));
    if (isWanted) wanted.add(frame);
    return isWanted;
  });
  for await (const { start, end } of arriving.blocks())
    for (let frame = start; frame < end; frame++) {
      throwIfInterrupted(signal, "receiving the image");
      items += 1;
      if (!wanted.has(frame)) continue;
      const block = await arriving.chunks.retryFresh(async (carry) => {
        const [carried] = await carry([frame]);
        return openWhole(carried as CarriedBlock, index.chunksOf(frame));
      });
      bytes += block.stored.length;
      await writer.add(block);
      const isKnown = session.growing === undefined;
      onProgress({ version: 1, phase: "writing", bytes, items, ...(isKnown && { totalItems: end - start }) });
    }
}

function isInStore(store: ImageStore, chunks: readonly PlacedChunk[]): boolean {
  return chunks.every(({ id }) => store.index.find(Buffer.from(id, "hex")) !== undefined);
}

/** Opens a block and holds each of its chunks against its id. @throws {ObjectDamagedError} */
function openWhole(
  { stored, codec, plainBytes, subject, seal }: CarriedBlock,
  chunks: readonly PlacedChunk[],
): EncodedBlock {
  const opened = seal === undefined ? Buffer.from(stored) : openBody(stored, seal, subject);
  const plain = decodeBlock(opened, codec, plainBytes, subject);
  const wrong = findWrongChunk(plain, chunks);
  if (wrong !== undefined) throw new ObjectDamagedError(subject, `its chunk ${wrong} has other bytes`);
  return {
    id: sha256(opened),
    codec,
    stored: opened,
    plainBytes,
    chunkIds: Buffer.concat(chunks.map(({ id }) => Buffer.from(id, "hex"))),
    chunkLengths: Uint32Array.from(chunks.map(({ lengthBytes }) => lengthBytes)),
  };
}

/** The index of the image as blocks, as far as the store lacks it. */
function* indexBlocks(store: ImageStore, index: NodeIndex, image: ImageId): Generator<EncodedBlock> {
  const blocks = new BlockBuilder({ level: "standard" }, limits.chunkBytes);
  for (const { id, bytes } of index.parts()) {
    if (id.toString("hex") === image || store.index.find(id) !== undefined) continue;
    blocks.room().set(bytes);
    blocks.add(id, bytes.length);
  }
  yield* blocks.take();
}

import { crashPoint } from "../../core/crash-points.ts";
import { throwIfInterrupted } from "../../core/errors.ts";
import type { OnProgress } from "../../core/progress.ts";
import { checkPack } from "../care/check-pack.ts";
import { neededBlocks } from "../care/needed-blocks.ts";
import { measurePackUse, Reachability, type PackUse } from "../care/reachability.ts";
import { ImageNotFoundError, ObjectDamagedError, ObjectExistsError } from "../errors.ts";
import type { BlockEntry } from "../format/pack.ts";
import { assertNotGivenUp, readCondemnations } from "../store/condemnation.ts";
import { listImageNames, putName, putNameInSession, type ImageId, type ImageName } from "../store/image-names.ts";
import type { ImageStore } from "../store/image-store.ts";
import { PackWriter } from "../store/pack-writer.ts";
import { Session } from "../store/session.ts";
import { copySignatures } from "../signatures/stored-signatures.ts";

/** How to copy. */
export interface CopySettings {
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
  /** Waits until so many bytes more may be sent. */
  readonly take: (bytes: number, signal?: AbortSignal) => Promise<void>;
}

/** What a copy did. */
export interface CopyResult {
  /** Names that were given in the target. */
  readonly copied: readonly ImageName[];
  /** Names that led to the same images there already. */
  readonly present: readonly ImageName[];
  readonly copiedBlocks: number;
  readonly copiedBytes: number;
  /** Stored bytes that the images need and the target had. */
  readonly presentBytes: number;
}

/**
 * Copies images with their names into another store: blocks as they are, never decompressed, and only those that hold a chunk
 * which the target lacks. What was copied is read back from there before the names are given. After a kill the same call goes on: what
 * had come over is found.
 *
 * @throws {ObjectExistsError} If a name leads to another image in the target; nothing is copied then.
 * @throws {ImageNotFoundError} If a name is gone. @throws {ObjectDamagedError} @throws {ObjectMissingError} If an image is damaged.
 */
export async function copyImages(
  source: ImageStore,
  target: ImageStore,
  names: readonly ImageName[],
  settings: CopySettings,
): Promise<CopyResult> {
  const images = [...new Set(names.map(({ image }) => image))];
  const wanted = await namesToGive(target, names);
  await using reading = await source.beginReading("copy images", images);
  await source.refresh(settings.signal, true);
  await assertNamesStay(source, names);
  await using session = await Session.begin(target.blobs, target.probe, "copy images", images);
  crashPoint("copy.session-begun");
  const { condemnations } = await target.refresh(settings.signal);

  const marks = new Reachability(source);
  for (const image of images) await marks.markImage(image, settings.signal);
  const tally = { copiedBlocks: 0, copiedBytes: 0, presentBytes: 0 };
  const before = new Set(target.index.packs().keys());
  await copyBlocks(source, target, measurePackUse(source, marks), settings, tally);
  crashPoint("copy.blocks-durable");
  for (const image of images) {
    await copyManifest(source, target, image);
    await copySignatures(source.blobs, target.blobs, image);
  }
  crashPoint("copy.manifests-put");
  await checkCopies(target, images, before, settings);
  await reading?.assertLive();
  assertNotGivenUp(condemnations, await readCondemnations(target.blobs), session.id);
  for (const name of wanted) await putNameInSession(target.blobs, session, () => putName(target.blobs, name));
  crashPoint("copy.named");
  return { copied: wanted, present: names.filter((name) => !wanted.includes(name)), ...tally };
}

/** @throws {ObjectExistsError} */
async function namesToGive(target: ImageStore, names: readonly ImageName[]): Promise<ImageName[]> {
  const there = new Map((await listImageNames(target.blobs)).map((name) => [`${name.name}:${name.tag}`, name.image]));
  return names.filter(({ name, tag, image }) => {
    const found = there.get(`${name}:${tag}`);
    if (found !== undefined && found !== image)
      throw new ObjectExistsError(`the tag ${name}:${tag} in ${target.blobs.location}`);
    return found === undefined;
  });
}

/** Looked at once the session keeps the images. @throws {ImageNotFoundError} */
async function assertNamesStay(source: ImageStore, names: readonly ImageName[]): Promise<void> {
  const there = new Set((await listImageNames(source.blobs)).map(({ name, tag, image }) => `${name}:${tag}@${image}`));
  const gone = names.find(({ name, tag, image }) => !there.has(`${name}:${tag}@${image}`));
  if (gone) throw new ImageNotFoundError(`${gone.name}:${gone.tag}`);
}

async function copyBlocks(
  source: ImageStore,
  target: ImageStore,
  uses: readonly PackUse[],
  { onProgress, signal, take }: CopySettings,
  tally: { copiedBlocks: number; copiedBytes: number; presentBytes: number },
): Promise<void> {
  const writer = new PackWriter(target.blobs, target.index);
  const totalBytes = uses.reduce((sum, { neededBytes }) => sum + neededBytes, 0);
  for await (const { entry, read } of neededBlocks(source, uses)) {
    throwIfInterrupted(signal, "copying images");
    if (hasAllChunks(target, entry)) tally.presentBytes += entry.storedBytes;
    else {
      await take(entry.storedBytes, signal);
      await writer.add(await read());
      tally.copiedBlocks++;
      tally.copiedBytes += entry.storedBytes;
    }
    const bytes = tally.presentBytes + tally.copiedBytes;
    onProgress({ version: 1, phase: "copying", bytes, totalBytes, items: tally.copiedBlocks });
  }
  await writer.flush();
}

const idBytes = 32;

function hasAllChunks(target: ImageStore, { chunkIds }: BlockEntry): boolean {
  for (let at = 0; at < chunkIds.length; at += idBytes)
    if (target.index.find(chunkIds.subarray(at, at + idBytes)) === undefined) return false;
  return true;
}

async function copyManifest(source: ImageStore, target: ImageStore, image: ImageId): Promise<void> {
  const bytes = await source.blobs.get(`images/${image}`);
  if (bytes === undefined) throw new ImageNotFoundError(`@${image}`);
  await target.blobs.put(`images/${image}`, [bytes]);
}

/** Reads packs that were not there `before` back and follows each image in the target to all that it needs. @throws {ObjectDamagedError} @throws {ObjectMissingError} */
export async function checkCopies(
  target: ImageStore,
  images: readonly ImageId[],
  before: ReadonlySet<string>,
  { onProgress, signal }: Pick<CopySettings, "onProgress" | "signal">,
): Promise<void> {
  let bytes = 0;
  for (const [pack, { sizeBytes }] of target.index.packs()) {
    if (before.has(pack)) continue;
    throwIfInterrupted(signal, "checking the copies");
    const checked = await checkPack(target.blobs, pack, sizeBytes, (more) => {
      bytes += more;
      onProgress({ version: 1, phase: "checking", bytes, items: 0 });
    });
    const [damage] = checked?.damages ?? [];
    if (damage) throw new ObjectDamagedError(damage.object, damage.message);
  }
  const marks = new Reachability(target);
  for (const image of images) await marks.markImage(image, signal);
}

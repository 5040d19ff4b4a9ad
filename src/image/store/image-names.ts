import type { Consistency, Manifest, SystemKind } from "../../core/manifest/manifest.ts";
import { namePattern, tagPattern, type ImageOperand } from "../../core/operand.ts";
import type { Tagged } from "../../core/tagged.ts";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { readAll } from "../blob-store/read-all.ts";
import { FormatInvalidError, ImageAmbiguousError, ImageNotFoundError, ObjectExistsError } from "../errors.ts";
import { openSealedObject, sealObject } from "../format/sealed-object.ts";

/** SHA-256 of a manifest object as stored, 64 hex digits. */
export type ImageId = Tagged<string, "ImageId">;

/** A `names/NAME/TAG` object: one name of an image and what a list shows of it. */
export interface ImageName {
  readonly image: ImageId;
  readonly name: string;
  readonly tag: string;
  readonly kind: SystemKind;
  readonly capturedAt: string;
  readonly consistency: Consistency;
  readonly entries: number;
  readonly files: number;
  /** Sum of the sizes of all regular files without holes. */
  readonly bytes: number;
  /** Plain bytes that the store did not have before. */
  readonly newBytes: number;
  /** What those take in the store. */
  readonly storedBytes: number;
}

/**
 * Reads a `names/NAME/TAG` object.
 *
 * @throws {ObjectDamagedError} @throws {FormatUnknownError}
 * @throws {FormatInvalidError} If it is none, or another name than that under which it lies.
 */
export function openImageName(bytes: Uint8Array, key: string): ImageName {
  const record = openSealedObject("name", bytes, key);
  if (!isImageName(record) || key !== `names/${record.name}/${record.tag}`)
    throw new FormatInvalidError(key, "it does not name an image by that name");
  return record;
}

/** Says whether a value from a store is a name of an image as the format has it. Kinds and levels that later versions may add are let through. */
export function isImageName(value: unknown): value is ImageName {
  const record = value as Partial<Readonly<Record<keyof ImageName, unknown>>> | null;
  if (typeof record !== "object" || record === null) return false;
  const { image, name, tag, kind, capturedAt, consistency, entries, files, bytes, newBytes, storedBytes } = record;
  return (
    matches(image, /^[0-9a-f]{64}$/) &&
    matches(name, namePattern) &&
    matches(tag, tagPattern) &&
    matches(kind, wordPattern) &&
    matches(consistency, wordPattern) &&
    matches(capturedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/) &&
    [entries, files, bytes, newBytes, storedBytes].every((count) => Number.isSafeInteger(count) && Number(count) >= 0)
  );
}

const wordPattern = /^[a-z][a-z-]{0,31}$/;

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === "string" && pattern.test(value);
}

/** All names in a store, by name, then numbers ascending, then words. @throws {ObjectDamagedError} */
export async function listImageNames(blobs: BlobStore, name = ""): Promise<ImageName[]> {
  const found = await readAll(blobs, name === "" ? "names/" : `names/${name}/`);
  return found
    .map(({ key, bytes }) => openImageName(bytes, key))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : compareTags(a.tag, b.tag)));
}

/** What a name of an image says, told by its manifest alone: nothing of it counts as new. */
export function nameForManifest(image: ImageId, { head, tail }: Manifest): Omit<ImageName, "tag"> {
  const { name, kind, capturedAt } = head;
  return { image, name, kind, capturedAt, consistency: tail.consistency, ...tail.counts, newBytes: 0, storedBytes: 0 };
}

/**
 * Puts `name` under the next free number and returns it with its tag; the loser of a race takes the number after.
 *
 * @param before Puts what must be there before the name is; what it returns takes that back.
 */
export async function putNextName(
  blobs: BlobStore,
  name: Omit<ImageName, "tag">,
  before?: (tagged: ImageName) => Promise<() => Promise<void>>,
): Promise<ImageName> {
  let highest = 0;
  for await (const { key } of blobs.list(`names/${name.name}/`)) {
    const tag = key.slice(key.lastIndexOf("/") + 1);
    if (/^\d+$/.test(tag)) highest = Math.max(highest, Number(tag));
  }
  for (let number = highest + 1; ; number++) {
    const tagged = { ...name, tag: String(number) };
    const takeBack = await before?.(tagged);
    if (await blobs.put(nameKey(tagged), [sealObject("name", tagged)])) return tagged;
    await takeBack?.();
  }
}

/** Puts a further name for an image and returns it. @throws {ObjectExistsError} */
export async function putName(blobs: BlobStore, name: ImageName): Promise<ImageName> {
  if (!(await blobs.put(nameKey(name), [sealObject("name", name)])))
    throw new ObjectExistsError(`the tag ${name.name}:${name.tag}`);
  return name;
}

/** @throws {ObjectExistsError} If a name is taken; it may be taken a moment later all the same. */
export async function assertNameFree(blobs: BlobStore, name: Pick<ImageName, "name" | "tag">): Promise<void> {
  if ((await blobs.get(nameKey(name))) !== undefined) throw new ObjectExistsError(`the tag ${name.name}:${name.tag}`);
}

/**
 * Puts a name by `put` while a session keeps the image, and looks at the session once more: a prune that took it for dead just
 * before did not see the name, so the name is taken back then.
 *
 * @throws {SessionLapsedError}
 */
export async function putNameInSession(
  blobs: BlobStore,
  session: { assertLive(): Promise<void> },
  put: () => Promise<ImageName>,
): Promise<ImageName> {
  await session.assertLive();
  const name = await put();
  try {
    await session.assertLive();
    return name;
  } catch (error) {
    await removeName(blobs, name);
    throw error;
  }
}

/** Removes a name; the image goes with the next prune when it was the last. */
export async function removeName(blobs: BlobStore, name: Pick<ImageName, "name" | "tag">): Promise<void> {
  await blobs.delete(nameKey(name));
}

/** Finds the image an operand names. @throws {ImageNotFoundError} @throws {ImageAmbiguousError} */
export async function findImageName(blobs: BlobStore, operand: ImageOperand): Promise<ImageName> {
  const { by } = operand;
  if (by.kind === "id") {
    const matching = (await listImageNames(blobs)).filter(({ image }) => image.startsWith(by.prefix));
    const ids = new Set(matching.map(({ image }) => image));
    if (ids.size > 1) throw new ImageAmbiguousError(`@${by.prefix}`, [...ids]);
    if (matching[0] === undefined) throw new ImageNotFoundError(`@${by.prefix}`);
    return matching[0];
  }
  const text = by.tag === undefined ? by.name : `${by.name}:${by.tag}`;
  if (by.tag !== undefined) {
    const key = nameKey({ name: by.name, tag: by.tag });
    const bytes = await blobs.get(key);
    if (bytes === undefined) throw new ImageNotFoundError(text);
    return openImageName(bytes, key);
  }
  const newest = (await listImageNames(blobs, by.name)).findLast(({ tag }) => /^\d+$/.test(tag));
  const found = newest ?? (await listImageNames(blobs, by.name)).at(-1);
  if (found === undefined) throw new ImageNotFoundError(text);
  return found;
}

function compareTags(a: string, b: string): number {
  const [left, right] = [Number(a), Number(b)];
  if (Number.isNaN(left) !== Number.isNaN(right)) return Number.isNaN(left) ? 1 : -1;
  return Number.isNaN(left) ? (a < b ? -1 : a > b ? 1 : 0) : left - right;
}

function nameKey(name: Pick<ImageName, "name" | "tag">): string {
  return `names/${name.name}/${name.tag}`;
}

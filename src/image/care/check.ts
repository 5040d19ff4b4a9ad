import { rmSync } from "node:fs";
import { throwIfInterrupted, RehomeError } from "../../core/errors.ts";
import type { OnProgress } from "../../core/progress.ts";
import { ChunkIndex } from "../chunk-index/chunk-index.ts";
import { FormatUnknownError } from "../errors.ts";
import { ChunkSource } from "../store/chunk-source.ts";
import { removeLeftByDead } from "../store/left-by-dead.ts";
import { listImageNames, openImageName, type ImageId, type ImageName } from "../store/image-names.ts";
import type { ImageStore } from "../store/image-store.ts";
import { packOfKey } from "../store/pack-reader.ts";
import { signaturesOf } from "../signatures/image-signature.ts";
import { decodeManifest } from "../format/manifest-object.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { assertSealed } from "./assert-sealed.ts";
import { checkPack, type CheckedPack } from "./check-pack.ts";
import { findMissing } from "./find-missing.ts";

/** Something in a store that is not as it must be, and the images (`NAME:TAG`) that it hurts. */
export interface Damage {
  readonly object: string;
  readonly message: string;
  readonly images: readonly string[];
}

/** How to check. */
export interface CheckSettings {
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
}

/** What a check found. Notes are worth knowing and hurt nothing. */
export interface CheckResult {
  readonly objects: number;
  readonly bytes: number;
  readonly damages: readonly Damage[];
  readonly notes: readonly string[];
  /** Packs with damage, and what of them is intact; for repair. */
  readonly damagedPacks: readonly CheckedPack[];
  /** Set when an object is of a later version of the format: then nobody here can tell whether it is damaged. */
  readonly unknownFormat: FormatUnknownError | undefined;
  /** Images that need something that is not there, or cannot be read themselves. */
  readonly hurtImages: readonly string[];
}

interface Findings {
  objects: number;
  bytes: number;
  /** Those that were only `followed` are known from the images they hurt, and nothing without them. */
  damages: { object: string; message: string; images: Set<string>; followed?: true }[];
  unknownFormat: FormatUnknownError | undefined;
  readonly notes: string[];
  readonly packs: CheckedPack[];
  readonly manifests: Map<ImageId, Manifest>;
  readonly unreadableImages: Map<ImageId, number>;
}

/**
 * Reads every byte of a store and holds it against its name, then follows everything each image needs. Trusts no cache.
 *
 * 1. Every object is read; packs block by block.
 * 2. What is intact goes into an index of this check alone.
 * 3. Every image is followed through table, segments and records to chunks; what is not in the index hurts it.
 */
export async function checkStore(store: ImageStore, settings: CheckSettings): Promise<CheckResult> {
  await using _session = await store.beginReading("check", []);
  removeLeftByDead(store.cacheDirectory, /^check-(\d+)-\d+\.sqlite/);
  const path = `${store.cacheDirectory}/check-${process.pid}-${Date.now()}.sqlite`;
  const index = ChunkIndex.open(path);
  try {
    const names = await readNames(store);
    const findings = await readObjects(store, index, settings);
    for (const name of names)
      if (!findings.manifests.has(name.image) && !findings.unreadableImages.has(name.image))
        noteMissing(findings, name);
    for (const [image, at] of findings.unreadableImages)
      for (const label of labelsOf(names, image)) findings.damages[at]?.images.add(label);
    for (const { object, images } of findings.damages)
      for (const name of names) if (object.startsWith(signaturesOf(name.image))) images.add(labelOf(name));
    await followImages(store, index, findings, names, settings);
    forgetRemoved(findings, names, await readNames(store));
    const damages = findings.damages.map(({ object, message, images }) => ({
      object,
      message,
      images: [...images].toSorted(),
    }));
    return {
      objects: findings.objects,
      bytes: findings.bytes,
      damages,
      notes: findings.notes,
      damagedPacks: findings.packs.filter(({ damages: found }) => found.length > 0),
      unknownFormat: findings.unknownFormat,
      hurtImages: [...new Set(damages.flatMap(({ images }) => images))].toSorted(),
    };
  } finally {
    index[Symbol.dispose]();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
  }
}

async function readObjects(store: ImageStore, index: ChunkIndex, settings: CheckSettings): Promise<Findings> {
  const findings: Findings = {
    objects: 0,
    bytes: 0,
    damages: [],
    unknownFormat: undefined,
    notes: [],
    packs: [],
    manifests: new Map(),
    unreadableImages: new Map(),
  };
  for await (const { key, sizeBytes } of store.blobs.list("")) {
    throwIfInterrupted(settings.signal, "the check");
    findings.objects += 1;
    const folder = key.slice(0, Math.max(0, key.indexOf("/")));
    const pack = packOfKey(key);
    if (pack !== undefined) {
      const checked = await checkPack(store.blobs, pack, sizeBytes, (bytes) => {
        findings.bytes += bytes;
        settings.onProgress({
          version: 1,
          phase: "reading every byte",
          bytes: findings.bytes,
          items: findings.objects,
        });
      });
      if (checked === undefined) continue;
      findings.packs.push(checked);
      if (checked.intactBlocks.length > 0) index.addPack(pack, sizeBytes, checked.intactBlocks);
      for (const { object, message } of checked.damages) findings.damages.push({ object, message, images: new Set() });
      continue;
    }
    try {
      const bytes = await store.blobs.get(key);
      if (bytes === undefined) continue;
      findings.bytes += bytes.length;
      const image = key.slice("images/".length) as ImageId;
      if (folder === "images") findings.manifests.set(image, decodeManifest(bytes, image));
      else if (!assertSealed(bytes, key)) findings.notes.push(`"${key}" is no object of a store; it was left alone`);
    } catch (error) {
      if (!(error instanceof RehomeError)) throw error;
      if (error instanceof FormatUnknownError) findings.unknownFormat ??= error;
      if (folder === "images")
        findings.unreadableImages.set(key.slice("images/".length) as ImageId, findings.damages.length);
      const images = folder === "names" ? [key.slice("names/".length).replace("/", ":")] : [];
      findings.damages.push({ object: key, message: error.message, images: new Set(images) });
    }
  }
  return findings;
}

/** Follows each image; what is missing is put down to the damaged packs where there are any. */
async function followImages(
  store: ImageStore,
  index: ChunkIndex,
  findings: Findings,
  names: readonly ImageName[],
  settings: CheckSettings,
): Promise<void> {
  const chunks = new ChunkSource(store.blobs, index);
  const lostChunks = new Map<string, number>();
  for (const pack of findings.packs)
    for (const { object, chunkIds } of pack.damages) {
      const at = findings.damages.findIndex((damage) => damage.object === object);
      for (const id of chunkIds) if (!index.has(Buffer.from(id, "hex"))) lostChunks.set(id, at);
    }
  const unreadable = findings.damages.flatMap(({ object }, at) =>
    findings.packs.some((pack) => pack.isUnreadable && pack.key === object) ? [at] : [],
  );
  const sound = new Set<string>();
  let followed = 0;
  for (const [image, manifest] of findings.manifests) {
    const labels = names.filter((name) => name.image === image).map(labelOf);
    settings.onProgress({
      version: 1,
      phase: "following images",
      bytes: findings.bytes,
      items: followed++,
      totalItems: findings.manifests.size,
    });
    const missingHere = await findMissing(chunks, index, manifest, sound, settings.signal);
    if (labels.length === 0) {
      // Left by a capture that did not finish, or one that runs now: whether it is whole is nobody's worry.
      const state = missingHere.size > 0 ? "has no name and is not whole" : "has no name";
      findings.notes.push(`images/${image} ${state}; the next prune removes it unless a capture is at it`);
      continue;
    }
    for (const missing of missingHere) {
      const at = lostChunks.get(missing);
      const guilty = at !== undefined ? [at] : unreadable;
      for (const number of guilty) labels.forEach((label) => findings.damages[number]?.images.add(label));
      if (guilty.length === 0) addDamage(findings, missing, labels);
    }
  }
}

function addDamage(findings: Findings, missing: string, labels: readonly string[]): void {
  const object = /^[0-9a-f]{64}$/.test(missing) ? `chunk ${missing}` : missing;
  const known = findings.damages.find((damage) => damage.object === object);
  const damage = known ?? {
    object,
    message: /^[0-9a-f]{64}$/.test(missing) ? "no pack holds it" : "the tree index cannot be used",
    images: new Set<string>(),
    followed: true as const,
  };
  if (known === undefined) findings.damages.push(damage);
  labels.forEach((label) => damage.images.add(label));
}

/** Forgets names that were removed while the check ran: what they led to may have gone by right. */
function forgetRemoved(findings: Findings, before: readonly ImageName[], now: readonly ImageName[]): void {
  const still = new Set(now.map((name) => `${labelOf(name)} ${name.image}`));
  const gone = before.filter((name) => !still.has(`${labelOf(name)} ${name.image}`)).map(labelOf);
  if (gone.length === 0) return;
  for (const { images } of findings.damages) for (const label of gone) images.delete(label);
  findings.damages = findings.damages.filter(({ images, followed }) => followed !== true || images.size > 0);
}

function noteMissing(findings: Findings, name: ImageName): void {
  addDamage(findings, `images/${name.image}`, [labelOf(name)]);
}

function labelsOf(names: readonly ImageName[], image: ImageId): string[] {
  const labels = names.filter((name) => name.image === image).map(labelOf);
  return labels.length > 0 ? labels : [`@${image.slice(0, 16)}`];
}

function labelOf({ name, tag }: ImageName): string {
  return `${name}:${tag}`;
}

/** Names that can be read; damaged ones are found with the other objects. */
async function readNames(store: ImageStore): Promise<ImageName[]> {
  try {
    return await listImageNames(store.blobs);
  } catch (error) {
    if (!(error instanceof RehomeError)) throw error;
  }
  const names: ImageName[] = [];
  for await (const { key } of store.blobs.list("names/")) {
    try {
      const bytes = await store.blobs.get(key);
      if (bytes) names.push(openImageName(bytes, key));
    } catch (error) {
      if (!(error instanceof RehomeError)) throw error;
    }
  }
  return names;
}

import { crashPoint } from "../../core/crash-points.ts";
import { RehomeError } from "../../core/errors.ts";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { ObjectDamagedError } from "../errors.ts";
import { sealObject } from "../format/sealed-object.ts";
import type { ImageId } from "../store/image-names.ts";
import { openImageSignature, signatureKey, signaturesOf, type ImageSignature } from "./image-signature.ts";

/** The signatures of an image: those that hold, and the keys of objects that lie among them and are none. */
export interface FoundSignatures {
  readonly valid: readonly ImageSignature[];
  readonly broken: readonly string[];
}

/** Whoever can write to the store decides how many there are. */
const maxSignatures = 1000;
const maxSignatureBytes = 4096;

/** Reads and verifies the signatures of an image, the first thousand. */
export async function readSignatures(blobs: BlobStore, image: ImageId): Promise<FoundSignatures> {
  const valid: ImageSignature[] = [];
  const broken: string[] = [];
  for await (const { key, sizeBytes } of blobs.list(signaturesOf(image))) {
    if (valid.length + broken.length === maxSignatures) break;
    const signature = sizeBytes > maxSignatureBytes ? undefined : await readSignature(blobs, key);
    if (signature === undefined) broken.push(key);
    else if (signature !== "gone") valid.push(signature);
  }
  return { valid: valid.toSorted((a, b) => (a.signer < b.signer ? -1 : a.signer > b.signer ? 1 : 0)), broken };
}

async function readSignature(blobs: BlobStore, key: string): Promise<ImageSignature | "gone" | undefined> {
  try {
    const bytes = await blobs.get(key);
    return bytes === undefined ? "gone" : openImageSignature(bytes, key);
  } catch (error) {
    if (error instanceof RehomeError) return undefined;
    throw error;
  }
}

/** Puts a signature, durable on return. The image must be in the store, kept by a session. Returns what takes it back. */
export async function putSignature(blobs: BlobStore, signature: ImageSignature): Promise<() => Promise<void>> {
  const key = signatureKey(signature);
  const isNew = await blobs.put(key, [sealObject("signature", signature)]);
  crashPoint("signature.put");
  return async () => {
    if (isNew) await blobs.delete(key);
  };
}

/**
 * Copies the signatures of an image; durable on return.
 *
 * @throws {ObjectDamagedError} If one of them is damaged.
 */
export async function copySignatures(source: BlobStore, target: BlobStore, image: ImageId): Promise<void> {
  const { valid, broken } = await readSignatures(source, image);
  if (broken[0] !== undefined) throw new ObjectDamagedError(broken[0], "it is no signature of that image");
  for (const signature of valid) await putSignature(target, signature);
}

/** Removes all signatures of an image. */
export async function removeSignatures(blobs: BlobStore, image: ImageId): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of blobs.list(signaturesOf(image))) keys.push(key);
  for (const key of keys) await blobs.delete(key);
}

import { createHash, sign, verify, type KeyObject } from "node:crypto";
import { namePattern, tagPattern } from "../../core/operand.ts";
import { FormatInvalidError, ObjectDamagedError } from "../errors.ts";
import { openSealedObject } from "../format/sealed-object.ts";
import type { ImageId, ImageName } from "../store/image-names.ts";
import { publicKeyOf, rawPublicKey } from "./ed25519.ts";

/** A `signatures/IMAGE/ID` object: somebody vouches for an image and for one name of it. */
export interface ImageSignature extends Pick<ImageName, "image" | "name" | "tag"> {
  /** The Ed25519 public key that verifies it, 64 hex digits. */
  readonly signer: string;
  /** 128 hex digits. */
  readonly signature: string;
}

/** Signs an image under one of its names. The same key always makes the same signature. */
export function signImageName(key: KeyObject, { image, name, tag }: ImageName): ImageSignature {
  const signature = sign(null, statementOf({ image, name, tag }), key).toString("hex");
  return { image, name, tag, signer: rawPublicKey(key).toString("hex"), signature };
}

/** The key of a signature in its store. */
export function signatureKey({ image, signature }: Pick<ImageSignature, "image" | "signature">): string {
  return `${signaturesOf(image)}${createHash("sha256").update(Buffer.from(signature, "hex")).digest("hex")}`;
}

/** What the keys of all signatures of an image begin with. */
export function signaturesOf(image: ImageId): string {
  return `signatures/${image}/`;
}

/**
 * Reads a signature and verifies it: whoever has the private key of `signer` has said just what it says. Whether anybody trusts that
 * signer is not asked here.
 *
 * @throws {ObjectDamagedError} If it is not the signer's. @throws {FormatInvalidError} @throws {FormatUnknownError}
 */
export function openImageSignature(bytes: Uint8Array, key: string): ImageSignature {
  const record = openSealedObject("signature", bytes, key);
  if (!isSignature(record) || key !== signatureKey(record))
    throw new FormatInvalidError(key, "it is no signature of that image");
  const publicKey = publicKeyOf(Buffer.from(record.signer, "hex"));
  if (!verify(null, statementOf(record), publicKey, Buffer.from(record.signature, "hex")))
    throw new ObjectDamagedError(key, `it is no signature by ${record.signer}`);
  return record;
}

/** Names and ids have no line feed, so that no two statements are the same bytes. */
function statementOf({ image, name, tag }: Pick<ImageName, "image" | "name" | "tag">): Buffer {
  return Buffer.from(`rehome image signature 1\n${image}\n${name}:${tag}\n`);
}

function isSignature(value: unknown): value is ImageSignature {
  const record = value as Partial<Readonly<Record<keyof ImageSignature, unknown>>> | null;
  if (typeof record !== "object" || record === null) return false;
  const matches = (text: unknown, pattern: RegExp): boolean => typeof text === "string" && pattern.test(text);
  return (
    matches(record.image, /^[0-9a-f]{64}$/) &&
    matches(record.name, namePattern) &&
    matches(record.tag, tagPattern) &&
    matches(record.signer, /^[0-9a-f]{64}$/) &&
    matches(record.signature, /^[0-9a-f]{128}$/)
  );
}

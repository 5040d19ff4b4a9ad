import type { BlobStore } from "../blob-store/blob-store.ts";
import { ImageUntrustedError } from "../errors.ts";
import type { ImageName } from "../store/image-names.ts";
import { readSignatures } from "./stored-signatures.ts";

/** The keys of which one must have signed an image that is used. */
export interface TrustedSigners {
  /** Where they are listed, for people. */
  readonly source: string;
  /** What each is called, by its public key in hex. */
  readonly labels: ReadonlyMap<string, string>;
}

/**
 * Holds an image against its signatures. Where it was asked for by `name`, that very name must be signed too: who can write to the store
 * could else put an older image, or another one, under it.
 *
 * @throws {ImageUntrustedError}
 */
export async function assertTrusted(
  blobs: BlobStore,
  { image, name, tag }: ImageName,
  by: "name" | "id",
  { source, labels }: TrustedSigners,
): Promise<void> {
  const { valid, broken } = await readSignatures(blobs, image);
  const trusted = valid.filter(({ signer }) => labels.has(signer));
  if (trusted.some((signature) => by === "id" || (signature.name === name && signature.tag === tag))) return;
  const label = by === "id" ? `@${image.slice(0, 16)}` : `${name}:${tag}`;
  const [other] = trusted;
  const [stranger] = valid;
  if (other)
    throw new ImageUntrustedError(label, `it is signed as ${other.name}:${other.tag} and not under that name`, source);
  if (stranger) throw new ImageUntrustedError(label, `it is signed by ${stranger.signer} only`, source);
  throw new ImageUntrustedError(
    label,
    broken.length > 0 ? "its signature is damaged or forged" : "it is not signed",
    source,
  );
}

import type { ImageSignature } from "../../image/signatures/image-signature.ts";
import { readSignatures } from "../../image/signatures/stored-signatures.ts";
import type { ImageId } from "../../image/store/image-names.ts";
import type { ImageStore } from "../../image/store/image-store.ts";
import { choosePaths } from "../settings/settings.ts";
import { readTrustedSigners } from "../store/signing-keys.ts";
import type { StoreOptions } from "../store/store.ts";

/** A signature of an image as it is shown. `trusted` and `label` are known where this host lists trusted signers. */
export interface ShownSignature extends Pick<ImageSignature, "name" | "tag" | "signer"> {
  readonly trusted?: boolean;
  readonly label?: string;
}

/** Who signed an image, as which names; signatures that are none are left out. */
export async function shownSignatures(
  store: ImageStore,
  image: ImageId,
  { paths = choosePaths() }: StoreOptions,
): Promise<ShownSignature[]> {
  const trusted = paths.trustedSigners === undefined ? undefined : readTrustedSigners(paths.trustedSigners);
  return (await readSignatures(store.blobs, image)).valid.map(({ name, tag, signer }) => {
    const label = trusted?.labels.get(signer);
    return { name, tag, signer, ...(trusted && { trusted: label !== undefined }), ...(label && { label }) };
  });
}

import { parseImageOperand } from "../../core/operand.ts";
import { signImageName } from "../../image/signatures/image-signature.ts";
import { putSignature } from "../../image/signatures/stored-signatures.ts";
import type { ImageName } from "../../image/store/image-names.ts";
import { choosePaths, trustingAnybody } from "../settings/settings.ts";
import { readSigningKey } from "../store/signing-keys.ts";
import { openStore, type StoreOptions } from "../store/store.ts";
import { storeOf } from "./images.ts";

/** What signing an image made, or with `dryRun` would make. */
export interface SignedImage {
  readonly name: ImageName;
  /** The public key that verifies it, 64 hex digits. */
  readonly signer: string;
}

/**
 * Signs an image under the name it was asked for by, with a private key in a PEM file. Signing it again changes nothing.
 *
 * @throws {ImageNotFoundError} @throws {UsageError} If the key cannot be used.
 */
export async function signImage(
  image: string,
  keyFile: string,
  options: StoreOptions & { readonly dryRun?: boolean } = {},
): Promise<SignedImage> {
  const operand = parseImageOperand(image);
  const key = await readSigningKey(keyFile);
  // Whoever signs says that the image may be used.
  const paths = trustingAnybody(options.paths ?? choosePaths());
  using store = await openStore({ ...storeOf(operand, options), paths });
  await using opened = await store.openImage(operand, "sign");
  const signature = signImageName(key, opened.name);
  if (options.dryRun !== true) {
    const takeBack = await putSignature(store.blobs, signature);
    try {
      await opened.assertLive();
    } catch (error) {
      await takeBack();
      throw error;
    }
  }
  return { name: opened.name, signer: signature.signer };
}

import { openSealedObject, type SealedKind } from "../format/sealed-object.ts";
import { openImageSignature } from "../signatures/image-signature.ts";
import { openCondemnation } from "../store/condemnation.ts";
import { openImageName } from "../store/image-names.ts";
import { openSession } from "../store/session.ts";

/** What lies in each folder of a store, apart from packs and manifests. */
const openers: Readonly<Record<string, (bytes: Uint8Array, key: string) => unknown>> = {
  names: openImageName,
  sessions: openSession,
  condemned: openCondemnation,
  signatures: openImageSignature,
  lost: opener("lost"),
  keys: opener("key"),
};

/**
 * Reads a sealed object of a store as whoever needs it does. False: nothing of a store lies under such a key.
 *
 * @throws {ObjectDamagedError} @throws {FormatInvalidError} @throws {FormatUnknownError}
 */
export function assertSealed(bytes: Uint8Array, key: string): boolean {
  const open = key === "store.json" ? opener("store") : openers[key.slice(0, Math.max(0, key.indexOf("/")))];
  open?.(bytes, key);
  return open !== undefined;
}

function opener(kind: SealedKind): (bytes: Uint8Array, key: string) => unknown {
  return (bytes, key) => openSealedObject(kind, bytes, key);
}

import { resolve } from "node:path";
import { UsageError } from "../../core/errors.ts";
import { processProbe } from "../../host/process-probe.ts";
import type { BlobStore } from "../../image/blob-store/blob-store.ts";
import { directoryBlobStore } from "../../image/blob-store/directory-blob-store.ts";
import type { KeySecret } from "../../image/encryption/store-keys.ts";
import { ImageStore, type StoreSurroundings } from "../../image/store/image-store.ts";
import { choosePaths, type Paths } from "../settings/settings.ts";
import { readTrustedSigners } from "./signing-keys.ts";
import { unlockStore } from "./store-secret.ts";

/** Which store to use: a path, `file:///path`, or by default the one that {@link choosePaths} names. */
export interface StoreOptions {
  readonly store?: string;
  readonly paths?: Paths;
}

/** Opens a store that exists. @throws {StoreNotFoundError} @throws {UsageError} */
export function openStore(options: StoreOptions = {}): Promise<ImageStore> {
  return ImageStore.open(surroundings(options));
}

/** Opens a store, made if there is none, as an encrypted one where a secret is given. @throws {StoreUnsuitableError} @throws {UsageError} */
export function openOrCreateStore(
  options: StoreOptions = {},
  encryption?: { readonly secret: KeySecret; readonly label: string },
): Promise<ImageStore> {
  return ImageStore.openOrCreate(surroundings(options), encryption);
}

/** The objects of a store as they lie there, encrypted or not. */
export function openBlobs(options: StoreOptions): BlobStore {
  return surroundings(options).blobs;
}

/** The directory of a store. @throws {UsageError} If it is no local path. */
export function storePath(options: StoreOptions = {}): string {
  const paths = options.paths ?? choosePaths();
  const location = options.store ?? paths.store;
  if (location.startsWith("file://")) return resolve(location.slice("file://".length));
  if (/^[a-z][a-z0-9+.-]*:\/\//.test(location))
    throw new UsageError(
      `cannot open the store "${location}": only local paths are known here`,
      "Give a path or file:///path.",
    );
  return resolve(location);
}

function surroundings(options: StoreOptions): StoreSurroundings {
  const paths = options.paths ?? choosePaths();
  const { trustedSigners } = paths;
  return {
    blobs: directoryBlobStore(storePath(options)),
    probe: processProbe,
    cacheDirectory: `${paths.stateDirectory}/cache`,
    unlock: (store) => unlockStore(store, paths),
    ...(trustedSigners !== undefined && { trustedSigners: () => readTrustedSigners(trustedSigners) }),
  };
}

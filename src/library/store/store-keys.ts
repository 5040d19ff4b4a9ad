import { addStoreKey, listStoreKeys, removeStoreKey, type StoreKey } from "../../image/encryption/store-keys.ts";
import { StoreUnsuitableError } from "../../image/errors.ts";
import { choosePaths } from "../settings/settings.ts";
import { openBlobs, openStore, storePath, type StoreOptions } from "./store.ts";
import { newSecret, unlockStore } from "./store-secret.ts";

/** Lists what opens an encrypted store; needs a key itself. @throws {StoreUnsuitableError} If it is not encrypted. */
export async function listKeys(options: StoreOptions = {}): Promise<readonly StoreKey[]> {
  await assertOpens(options);
  return await listStoreKeys(openBlobs(options));
}

/** Adds a key file, or a passphrase that is asked for, to what opens a store. Durable on return. @throws {KeyWrongError} @throws {UsageError} */
export async function addKey(
  options: StoreOptions & { readonly newKeyFile?: string; readonly label?: string } = {},
): Promise<StoreKey> {
  const master = await assertOpens(options);
  const secret = await newSecret(options.newKeyFile, storePath(options));
  return await addStoreKey(openBlobs(options), master, secret, options.label ?? "");
}

/** Takes away what opens a store. @throws {KeyNotFoundError} @throws {LastKeyError} @throws {KeyWrongError} */
export async function removeKey(id: string, options: StoreOptions = {}): Promise<void> {
  await assertOpens(options);
  await removeStoreKey(openBlobs(options), id);
}

/** The master key; only who can open a store may change who else can. */
async function assertOpens(options: StoreOptions): Promise<Buffer> {
  const blobs = openBlobs(options);
  using store = await openStore(options);
  const { id, encryption } = store.description;
  if (encryption === null)
    throw new StoreUnsuitableError(blobs.location, "it is not encrypted, and only encrypted stores have keys");
  return await unlockStore({ blobs, id, encryption }, options.paths ?? choosePaths());
}

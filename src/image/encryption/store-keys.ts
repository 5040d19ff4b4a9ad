import { argon2Sync, createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { RehomeError } from "../../core/errors.ts";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { FormatInvalidError, FormatUnknownError, KeyNotFoundError, KeyWrongError, LastKeyError } from "../errors.ts";
import { openSealedObject, sealObject } from "../format/sealed-object.ts";

/** What opens a store: words that somebody remembers, or the bytes of a file. */
export interface KeySecret {
  readonly kind: "passphrase" | "key-file";
  readonly bytes: Uint8Array;
}

/** `keys/ID` in an encrypted store: the master key, sealed with what a secret makes. */
export interface StoreKey {
  readonly id: string;
  readonly kind: KeySecret["kind"];
  readonly label: string;
  readonly createdAt: string;
}

/** What `store.json` says of an encrypted store. */
export interface EncryptionDescription {
  readonly version: 1;
  /** Tells the right master key from another one: HMAC-SHA-256 over the store's id, in hex. */
  readonly check: string;
}

/** An encrypted store that nobody has opened yet. */
export interface LockedStore {
  readonly blobs: BlobStore;
  readonly id: string;
  readonly encryption: EncryptionDescription;
}

interface StoredKey extends StoreKey {
  readonly salt: string;
  /** Argon2id (RFC 9106), for a passphrase. */
  readonly argon2?: { readonly memoryKiB: number; readonly passes: number; readonly parallelism: number };
  readonly nonce: string;
  readonly wrapped: string;
}

/** RFC 9106, section 4, the second recommended option. */
const argon2 = { memoryKiB: 65_536, passes: 3, parallelism: 4 } as const;
/** What a hostile store may make us spend. */
const argon2Limits = { memoryKiB: 1_048_576, passes: 16, parallelism: 16 } as const;
const masterBytes = 32;
const wrapAlgorithm = "aes-256-gcm";

/** Draws a master key. */
export function newMasterKey(): Buffer {
  return randomBytes(masterBytes);
}

/** What a new encrypted store says of itself. */
export function describeEncryption(master: Uint8Array, storeId: string): EncryptionDescription {
  return { version: 1, check: checkOf(master, storeId) };
}

/** Puts the master key into a store, sealed with a secret. Durable on return. */
export async function addStoreKey(
  blobs: BlobStore,
  master: Uint8Array,
  secret: KeySecret,
  label: string,
): Promise<StoreKey> {
  for (;;) {
    const key: StoreKey = {
      id: randomBytes(4).toString("hex"),
      kind: secret.kind,
      label,
      createdAt: new Date().toISOString(),
    };
    const salt = randomBytes(32);
    const nonce = randomBytes(12);
    const cost = secret.kind === "passphrase" ? { argon2 } : {};
    const cipher = createCipheriv(wrapAlgorithm, wrappingKey(secret, salt, argon2), nonce);
    cipher.setAAD(Buffer.from(key.id));
    const wrapped = Buffer.concat([cipher.update(master), cipher.final(), cipher.getAuthTag()]);
    const stored = {
      ...key,
      salt: base64(salt),
      ...cost,
      nonce: base64(nonce),
      wrapped: base64(wrapped),
    } satisfies StoredKey;
    if (await blobs.put(`keys/${key.id}`, [sealObject("key", stored)])) return key;
  }
}

/** The keys of a store, oldest first. @throws {ObjectDamagedError} @throws {FormatInvalidError} */
export async function listStoreKeys(blobs: BlobStore): Promise<StoreKey[]> {
  const { keys, damage } = await readStoredKeys(blobs);
  if (damage) throw damage;
  return keys.map(({ id, kind, label, createdAt }) => ({ id, kind, label, createdAt }));
}

/** Takes a key away, a damaged one too. @throws {KeyNotFoundError} @throws {LastKeyError} If no other that can be read would be left. */
export async function removeStoreKey(blobs: BlobStore, id: string): Promise<void> {
  const othersOf = async (): Promise<string[]> =>
    (await readStoredKeys(blobs)).keys.map((key) => key.id).filter((other) => other !== id);
  const key = `keys/${id}`;
  const bytes = /^[0-9a-f]{8}$/.test(id) ? await blobs.get(key) : undefined;
  const others = await othersOf();
  if (bytes === undefined) throw new KeyNotFoundError(id, others);
  if (others.length === 0) throw new LastKeyError(id);
  await blobs.delete(key);
  if ((await othersOf()).length > 0) return;
  // Somebody else took away the others at the same time.
  await blobs.put(key, [bytes]);
  throw new LastKeyError(id);
}

/**
 * Finds the master key of a store with a secret; tries every key of that kind.
 *
 * @throws {KeyWrongError} If none of them opens. @throws {FormatUnknownError} @throws {ObjectDamagedError} If a key is damaged and no other opens.
 */
export async function findMasterKey({ blobs, id, encryption }: LockedStore, secret: KeySecret): Promise<Buffer> {
  if ((encryption.version as number) !== 1) throw new FormatUnknownError("store.json", String(encryption.version));
  const { keys, damage } = await readStoredKeys(blobs);
  for (const stored of keys) {
    if (stored.kind !== secret.kind) continue;
    const master = unwrap(stored, secret);
    if (master !== undefined && checkOf(master, id) === encryption.check) return master;
  }
  throw damage ?? new KeyWrongError(blobs.location, secret.kind);
}

function unwrap(stored: StoredKey, secret: KeySecret): Buffer | undefined {
  const wrapped = Buffer.from(stored.wrapped, "base64");
  const key = wrappingKey(secret, Buffer.from(stored.salt, "base64"), stored.argon2 ?? argon2);
  const decipher = createDecipheriv(wrapAlgorithm, key, Buffer.from(stored.nonce, "base64"));
  decipher.setAAD(Buffer.from(stored.id));
  decipher.setAuthTag(wrapped.subarray(masterBytes));
  const master = decipher.update(wrapped.subarray(0, masterBytes));
  try {
    decipher.final();
    return master;
  } catch {
    return undefined;
  }
}

function wrappingKey(secret: KeySecret, salt: Uint8Array, cost: NonNullable<StoredKey["argon2"]>): Buffer {
  if (secret.kind === "key-file") return Buffer.from(hkdfSync("sha256", secret.bytes, salt, "rehome key file 1", 32));
  const { memoryKiB: memory, passes, parallelism } = cost;
  return argon2Sync("argon2id", { message: secret.bytes, nonce: salt, memory, passes, parallelism, tagLength: 32 });
}

function checkOf(master: Uint8Array, storeId: string): string {
  return createHmac("sha256", master).update(`rehome store ${storeId}`).digest("hex");
}

/** The keys of a store, oldest first, and what is wrong with one of those that cannot be read. */
async function readStoredKeys(blobs: BlobStore): Promise<{ keys: StoredKey[]; damage: RehomeError | undefined }> {
  const keys: StoredKey[] = [];
  let damage: RehomeError | undefined;
  for await (const { key } of blobs.list("keys/")) {
    const bytes = await blobs.get(key);
    if (bytes === undefined) continue;
    try {
      keys.push(parseStoredKey(openSealedObject("key", bytes, key), key));
    } catch (error) {
      if (!(error instanceof RehomeError)) throw error;
      damage ??= error;
    }
  }
  return { keys: keys.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1)), damage };
}

/** A key is read before anybody has proven to own the store: nothing in it is believed. @throws {FormatInvalidError} */
function parseStoredKey(value: unknown, key: string): StoredKey {
  const stored = value as Partial<Record<keyof StoredKey, unknown>> | null;
  const isText = (field: keyof StoredKey, pattern: RegExp): boolean => {
    const text = stored?.[field];
    return typeof text === "string" && pattern.test(text);
  };
  const isSound =
    isText("id", /^[0-9a-f]{8}$/) &&
    key === `keys/${String(stored?.id)}` &&
    isText("kind", /^(passphrase|key-file)$/) &&
    isText("label", /^[^\p{Cc}]{0,128}$/u) &&
    isText("createdAt", /^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/) &&
    isText("salt", /^[A-Za-z0-9+/]{43}=$/) &&
    isText("nonce", /^[A-Za-z0-9+/]{16}$/) &&
    isText("wrapped", /^[A-Za-z0-9+/]{64}$/) &&
    (stored?.argon2 === undefined || isAffordable(stored.argon2));
  if (!isSound) throw new FormatInvalidError(key, "it is no key of a store");
  return stored as StoredKey;
}

function isAffordable(cost: unknown): boolean {
  const found = cost as Partial<Record<keyof typeof argon2Limits, unknown>> | null;
  return (["memoryKiB", "passes", "parallelism"] as const).every((field) => {
    const value = found?.[field];
    return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= argon2Limits[field];
  });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

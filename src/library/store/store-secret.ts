import { readFileSync } from "node:fs";
import { KeyNeededError, KeyWrongError } from "../../image/errors.ts";
import { findMasterKey, type KeySecret, type LockedStore } from "../../image/encryption/store-keys.ts";
import { UsageError } from "../../core/errors.ts";
import type { Paths } from "../settings/settings.ts";

/** Asks a person for words that are not shown; undefined where there is nobody to ask. */
export type AskPassphrase = (question: string) => Promise<string | undefined>;

const maxKeyFileBytes = 1024 * 1024;
/** How often a passphrase may be tried. */
export const passphraseAttempts = 3;

let ask: AskPassphrase | undefined;
/** Master keys that this process has found, by the stores' ids: nobody is asked twice. */
const found = new Map<string, Buffer>();

/** Says who answers for passphrases in this process; by default nobody does. */
export function answerPassphrasesWith(answer: AskPassphrase | undefined): void {
  ask = answer;
}

/** Asks whoever answers for passphrases; undefined where there is nobody. */
export async function askPassphrase(question: string): Promise<string | undefined> {
  return await ask?.(question);
}

/** What is to open a store from now on: a key file, or a passphrase that is asked for twice. @throws {UsageError} */
export async function newSecret(keyFile: string | undefined, what: string): Promise<KeySecret> {
  return keyFile === undefined ? await askNewPassphrase(what) : readKeyFile(keyFile);
}

/** @throws {UsageError} */
function readKeyFile(path: string): KeySecret {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UsageError(`cannot read the key file "${path}": ${(error as Error).message}`, "Check the name.", {
      cause: error,
    });
  }
  if (bytes.length < 16 || bytes.length > maxKeyFileBytes)
    throw new UsageError(
      `cannot use the key file "${path}": it has ${bytes.length} bytes, and 16 to ${maxKeyFileBytes} are needed`,
      "Make one with `head -c 32 /dev/urandom > FILE; chmod 600 FILE`.",
    );
  return { kind: "key-file", bytes };
}

/** @throws {UsageError} If the two differ, or nobody can be asked. */
async function askNewPassphrase(what: string): Promise<KeySecret> {
  const first = await askPassphrase(`New passphrase for ${what}: `);
  if (first === undefined)
    throw new UsageError(
      `cannot ask for a passphrase for ${what}: there is no terminal`,
      "Name a key file with --key-file or --new-key-file.",
    );
  if (first.length < 8)
    throw new UsageError(
      `cannot use that passphrase: it has ${first.length} characters, and 8 are needed`,
      "Choose a longer one.",
    );
  if ((await askPassphrase("Once more: ")) !== first)
    throw new UsageError("cannot use that passphrase: the two differ", "Try again.");
  return secretOf(first);
}

/**
 * Finds the master key of a store: with the key file that is named, else with a passphrase, which may be tried three times.
 *
 * @throws {KeyNeededError} @throws {KeyWrongError} @throws {UsageError}
 */
export async function unlockStore(store: LockedStore, { keyFile }: Pick<Paths, "keyFile">): Promise<Buffer> {
  const known = found.get(store.id);
  if (known) return known;
  const master = keyFile === undefined ? await askForMaster(store) : await findMasterKey(store, readKeyFile(keyFile));
  found.set(store.id, master);
  return master;
}

async function askForMaster(store: LockedStore): Promise<Buffer> {
  for (let attempt = 1; ; attempt++) {
    const passphrase = await askPassphrase(`Passphrase of ${store.blobs.location}: `);
    if (passphrase === undefined) throw new KeyNeededError(store.blobs.location);
    try {
      return await findMasterKey(store, secretOf(passphrase));
    } catch (error) {
      if (!(error instanceof KeyWrongError) || attempt === passphraseAttempts) throw error;
    }
  }
}

/** The same words give the same bytes, however they were typed. */
function secretOf(passphrase: string): KeySecret {
  return { kind: "passphrase", bytes: Buffer.from(passphrase.normalize("NFKC")) };
}

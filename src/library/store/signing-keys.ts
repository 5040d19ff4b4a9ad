import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { UsageError } from "../../core/errors.ts";
import { rawPublicKey } from "../../image/signatures/ed25519.ts";
import type { TrustedSigners } from "../../image/signatures/trusted-signers.ts";
import { askPassphrase, passphraseAttempts } from "./store-secret.ts";

/** Keys that this process has read, by the files' names: nobody is asked twice. */
const read = new Map<string, KeyObject>();

/**
 * Reads the Ed25519 private key that a PEM file (PKCS #8) holds; the passphrase of an encrypted one is asked for.
 *
 * @throws {UsageError}
 */
export async function readSigningKey(file: string): Promise<KeyObject> {
  const known = read.get(file);
  if (known) return known;
  const pem = readText(file, "the signing key");
  if (!/-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----/.test(pem))
    throw unusable(file, "it holds no private key in PEM (PKCS #8)");
  const key = pem.includes("-----BEGIN ENCRYPTED") ? await unlock(file, pem) : parse(file, () => createPrivateKey(pem));
  if (key.asymmetricKeyType !== "ed25519")
    throw unusable(file, `it is a key for ${key.asymmetricKeyType}, and one for Ed25519 is needed`);
  read.set(file, key);
  return key;
}

async function unlock(file: string, pem: string): Promise<KeyObject> {
  for (let attempt = 1; ; attempt++) {
    const passphrase = await askPassphrase(`Passphrase of ${file}: `);
    if (passphrase === undefined)
      throw unusable(file, "it is encrypted, and there is nobody to ask for its passphrase");
    try {
      return createPrivateKey({ key: pem, passphrase });
    } catch (error) {
      if (attempt === passphraseAttempts) throw unusable(file, "the passphrase does not open it", { cause: error });
    }
  }
}

/**
 * Reads the public keys (PEM) that a file lists; the line before each says whose it is.
 *
 * @throws {UsageError} If there is none, or something else is among them.
 */
export function readTrustedSigners(file: string): TrustedSigners {
  const text = readText(file, "the trusted signers");
  const labels = new Map<string, string>();
  let end = 0;
  for (const { 0: pem, index } of text.matchAll(/-----BEGIN [^-]*-----[^-]*-----END [^-]*-----/g)) {
    const key = parse(file, () => createPublicKey(pem));
    if (!pem.startsWith("-----BEGIN PUBLIC KEY-----") || key.asymmetricKeyType !== "ed25519")
      throw unusable(file, "it holds something else than public keys for Ed25519");
    const label = text.slice(end, index).trimEnd().split("\n").at(-1)?.replace(/^#\s*/, "").trim() ?? "";
    labels.set(rawPublicKey(key).toString("hex"), label);
    end = index + pem.length;
  }
  if (labels.size === 0) throw unusable(file, "it holds no public key in PEM");
  return { source: file, labels };
}

function readText(file: string, what: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch (error) {
    throw new UsageError(`cannot read ${what} "${file}": ${(error as Error).message}`, "Check the name.", {
      cause: error,
    });
  }
}

function parse(file: string, make: () => KeyObject): KeyObject {
  try {
    return make();
  } catch (error) {
    throw unusable(file, `a key in it cannot be read (${(error as Error).message})`, { cause: error });
  }
}

function unusable(file: string, what: string, options?: ErrorOptions): UsageError {
  return new UsageError(
    `cannot use "${file}": ${what}`,
    "Make a key with `openssl genpkey -algorithm ed25519 -out FILE`, and its public part with `openssl pkey -in FILE -pubout`.",
    options,
  );
}

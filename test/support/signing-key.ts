import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { rawPublicKey } from "../../src/image/signatures/ed25519.ts";

/** A key that signs images, as files. */
export interface SigningKey {
  /** The private key (PEM). */
  readonly file: string;
  /** The public key (PEM). */
  readonly publicPem: string;
  /** What signatures by it are called. */
  readonly signer: string;
}

/** Makes a key and writes it into `directory`. */
export function makeSigningKey(directory: string, name: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const file = join(directory, `${name}.pem`);
  writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  return {
    file,
    publicPem: publicKey.export({ type: "spki", format: "pem" }),
    signer: rawPublicKey(publicKey).toString("hex"),
  };
}

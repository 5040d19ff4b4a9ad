import { createPublicKey, type KeyObject } from "node:crypto";

/** The 32 raw bytes of an Ed25519 public key, or of that of a private one. */
export function rawPublicKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url");
}

/** The Ed25519 public key of 32 raw bytes. */
export function publicKeyOf(raw: Buffer): KeyObject {
  return createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") } });
}

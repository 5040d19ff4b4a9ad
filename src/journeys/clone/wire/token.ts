import { createHash, hkdfSync, timingSafeEqual, type KeyObject } from "node:crypto";
import { UsageError } from "../../../core/errors.ts";
import { publicKeyOf } from "../../../image/signatures/ed25519.ts";

/** What lets a node join a session, and tells it who the golden node is. */
export interface SessionToken {
  /** SHA-256 of the raw public key of the golden node. */
  readonly fingerprint: Buffer;
  readonly secret: Buffer;
}

const prefix = "rehome-chain-1.";

/** Writes a token as people pass it on. */
export function formatToken({ fingerprint, secret }: SessionToken): string {
  return prefix + Buffer.concat([fingerprint, secret]).toString("base64url");
}

/** Reads a token; white space around it is no part of it. @throws {UsageError} Without the text, which is a secret. */
export function parseToken(text: string): SessionToken {
  const trimmed = text.trim();
  const bytes = Buffer.from(trimmed.slice(prefix.length), "base64url");
  const isToken = trimmed.startsWith(prefix) && /^[A-Za-z0-9_-]{86}$/.test(trimmed.slice(prefix.length));
  if (!isToken || bytes.length !== 64)
    throw new UsageError(
      "cannot read the session token: it is none",
      'Give it as `rehome clone serve` printed it: it begins with "rehome-chain-".',
    );
  return { fingerprint: bytes.subarray(0, 32), secret: bytes.subarray(32) };
}

/** The key of control connections. */
export function controlKey({ secret }: SessionToken): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", "rehome chain 1 tls", 32));
}

/** What a node calls itself by in the handshake of a control connection. */
export function controlIdentity(session: string): string {
  return `${prefix.slice(0, -1)}:${session}`;
}

/** The fingerprint of a raw public key. */
export function fingerprintOf(rawKey: Uint8Array): Buffer {
  return createHash("sha256").update(rawKey).digest();
}

/** The golden node's key, if it is the one that the token names. */
export function goldenKeyOf(token: SessionToken, raw: Buffer): KeyObject | undefined {
  if (!timingSafeEqual(fingerprintOf(raw), token.fingerprint)) return undefined;
  return publicKeyOf(raw);
}

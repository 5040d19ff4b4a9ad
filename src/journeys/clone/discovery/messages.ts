import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { SessionToken } from "../wire/token.ts";

/** Where a session is served. */
export interface GoldenPlace {
  readonly host: string;
  readonly port: number;
}

/** What asks for a session, and answers for it: who does not have the token can neither write nor read either. */
export interface SoughtSession {
  readonly session: string;
  readonly token: SessionToken;
}

/** Bytes of the random number that ties an answer to its query. */
export const nonceBytes: number = 16;
/** A query is padded to this, so that no answer is longer than what asked for it. */
const queryBytes = 128;
const queryMagic = Buffer.from("RHFIND01");
const answerMagic = Buffer.from("RHHERE01");
const proofBytes = 32;

/** Writes a query. `nonce`: 16 random bytes, never used again. */
export function encodeQuery(sought: SoughtSession, nonce: Buffer): Buffer {
  const bytes = Buffer.alloc(queryBytes);
  Buffer.concat([queryMagic, nonce, proofOf(sought, "query", nonce)]).copy(bytes);
  return bytes;
}

/** The nonce of a query for this session; undefined for anything else. */
export function readQuery(sought: SoughtSession, bytes: Buffer): Buffer | undefined {
  if (bytes.length !== queryBytes || !bytes.subarray(0, 8).equals(queryMagic)) return undefined;
  const nonce = bytes.subarray(8, 8 + nonceBytes);
  const proof = bytes.subarray(8 + nonceBytes, 8 + nonceBytes + proofBytes);
  return timingSafeEqual(proof, proofOf(sought, "query", nonce)) ? nonce : undefined;
}

/** Writes the answer to the query with `nonce`. */
export function encodeAnswer(sought: SoughtSession, nonce: Buffer, { host, port }: GoldenPlace): Buffer {
  const place = Buffer.concat([Buffer.alloc(2), Buffer.from(host)]);
  place.writeUInt16LE(port);
  return Buffer.concat([answerMagic, proofOf(sought, "answer", nonce, place), place]);
}

/** Where the session is served, as one says who has its token; undefined for anything else. That one still has to prove itself. */
export function readAnswer(sought: SoughtSession, nonce: Buffer, bytes: Buffer): GoldenPlace | undefined {
  if (bytes.length < 8 + proofBytes + 3 || bytes.length > queryBytes || !bytes.subarray(0, 8).equals(answerMagic))
    return undefined;
  const place = bytes.subarray(8 + proofBytes);
  const proof = bytes.subarray(8, 8 + proofBytes);
  if (!timingSafeEqual(proof, proofOf(sought, "answer", nonce, place))) return undefined;
  return { host: place.toString("latin1", 2), port: place.readUInt16LE() };
}

function proofOf(
  { session, token }: SoughtSession,
  what: "query" | "answer",
  nonce: Buffer,
  rest: Buffer = Buffer.alloc(0),
): Buffer {
  const key = Buffer.from(hkdfSync("sha256", token.secret, "", "rehome chain 1 find", 32));
  return createHmac("sha256", key).update(`rehome chain 1 ${what}\0${session}\0`).update(nonce).update(rest).digest();
}

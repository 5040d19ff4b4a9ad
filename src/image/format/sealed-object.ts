import { createHash } from "node:crypto";
import { FormatInvalidError, FormatUnknownError, ObjectDamagedError } from "../errors.ts";
import { parseBoundedJson } from "./bounded-json.ts";
import { limits } from "./limits.ts";

/** The kinds of sealed objects (section 2.6). */
export type SealedKind =
  | "store"
  | "key"
  | "name"
  | "session"
  | "condemned"
  | "lost"
  | "signature"
  | "capture-cache"
  | "restore-marker"
  | "chain-session";

/** Writes a small object with its seal. */
export function sealObject(kind: SealedKind, value: unknown): Buffer {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  return Buffer.concat([Buffer.from(`rehome ${kind} 1 ${sha256(body)}\n`), body]);
}

/**
 * Reads a sealed object; `key` is its name, for messages.
 *
 * @throws {ObjectDamagedError} If the seal does not match.
 * @throws {FormatUnknownError} If it has another version.
 */
export function openSealedObject(kind: SealedKind, bytes: Uint8Array, key: string): unknown {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = buffer.indexOf(0x0a);
  const line = end < 0 || end > 200 ? "" : buffer.toString("latin1", 0, end);
  const [program, foundKind, version, hash] = line.split(" ");
  if (program !== "rehome" || foundKind !== kind || version === undefined || buffer.length > limits.sealedBytes)
    throw new ObjectDamagedError(key, `it does not begin as a sealed ${kind} does`);
  const body = buffer.subarray(end + 1);
  const intact = hash === sha256(body);
  if (version !== "1" && intact) throw new FormatUnknownError(key, version);
  if (!intact || version !== "1") throw new ObjectDamagedError(key, "its bytes do not match its seal");
  try {
    return parseBoundedJson(body);
  } catch (error) {
    throw new FormatInvalidError(key, "it is no JSON, or too much of it", { cause: error });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

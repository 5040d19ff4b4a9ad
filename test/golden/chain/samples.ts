import { createPrivateKey, type KeyObject } from "node:crypto";
import type { FrameHeader } from "../../../src/journeys/clone/wire/frame-header.ts";
import type { IndexItem } from "../../../src/journeys/clone/wire/index-part.ts";
import type { Message } from "../../../src/journeys/clone/wire/messages.ts";

/** What the golden files of the chain protocol hold, as values. */

const fill = (length: number, value: number): Buffer => Buffer.alloc(length, value);

/** One message of each kind. */
export const messages: readonly Message[] = [
  { kind: "hello", version: 1, session: "lab1", name: "node-é", port: 40_001, rejoins: 0 },
  { kind: "report", complete: 300, lacking: 2 ** 31, held: 2, silentMs: 127, epoch: 128 },
  { kind: "blame", epoch: 7, frame: 4_294_967_294 },
  { kind: "verdict", ok: true, digest: "ab".repeat(32), verifiedBytes: 2 ** 52, retries: 0, reason: "" },
  { kind: "log", line: "writing usr/share" },
  { kind: "ran", serial: 1, exitStatus: 255 },
  { kind: "lost-link", epoch: 16_384 },
  {
    kind: "welcome",
    version: 1,
    number: 24,
    sessionId: fill(16, 1),
    sessionKey: fill(32, 2),
    goldenKey: fill(32, 3),
    signature: fill(64, 4),
    image: "cd".repeat(32),
    indexFrames: 2,
    frames: 216,
  },
  { kind: "refuse", code: "version", reason: "version 2 is asked for, and 1 is the newest known here" },
  { kind: "link", epoch: 3, predecessor: 0, host: "fd00::1", port: 65_535, ticket: fill(32, 5) },
  { kind: "accept", epoch: 3, successor: 25, aside: true, ticket: fill(32, 5) },
  { kind: "alone" },
  { kind: "ping" },
  { kind: "end" },
  { kind: "exec", serial: 1, signature: fill(64, 6), command: "dmesg\0--level=err" },
  { kind: "settle", identity: "reset", hostname: "node007", modules: "jfs ata_piix" },
  {
    kind: "disk",
    mayErase: true,
    layout: "version: 1\ndisks: []\n",
    usage: '{"/":{"bytes":4096,"entries":1}}',
    bootRecords: "{}",
  },
  { kind: "attach", epoch: 3, successor: 25, proof: fill(32, 7) },
  {
    kind: "get",
    frames: [
      { start: 0, end: 2 },
      { start: 5, end: 6 },
      { start: 1000, end: 4_294_967_295 },
    ],
  },
];

export const sessionId: Buffer = fill(16, 1);
export const sessionKey: Buffer = fill(32, 2);
/** The header of the golden frame; its body is 70,000 bytes of 5A, sealed. */
export const frameHeader: Omit<FrameHeader, "bodyBytes"> = { type: "rebuilt", frame: 77, sealer: 24, counter: 2 };
export const framePlain: Buffer = fill(70_000, 0x5a);

export const indexItems: readonly IndexItem[] = [
  { kind: "manifest", bytes: Buffer.from("a manifest as stored") },
  { kind: "chunk", bytes: Buffer.from("a segment") },
  {
    kind: "directory",
    blocks: [
      { codec: 1, storedBytes: 700, chunkIds: new Uint8Array(64).fill(9), chunkLengths: Uint32Array.of(5, 900) },
      { codec: 0, storedBytes: 1, chunkIds: new Uint8Array(32).fill(8), chunkLengths: Uint32Array.of(1) },
    ],
  },
];

/** Of a growing session. */
export const growingItems: readonly IndexItem[] = [
  { kind: "head", totalEntries: 60_000, totalBytes: 2 ** 41, bytes: Buffer.from("the head of a manifest") },
  { kind: "directory", blocks: [] },
  { kind: "segment", bytes: Buffer.from("a segment in walk order") },
];

/** The key pair of RFC 8032, test 1. */
export const goldenKey: KeyObject = createPrivateKey({
  format: "jwk",
  key: {
    kty: "OKP",
    crv: "Ed25519",
    d: Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex").toString("base64url"),
    x: Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex").toString("base64url"),
  },
});
export const tokenSecret: Buffer = fill(32, 11);

import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { decodeFrameHeader, headerBytes } from "../../../src/journeys/clone/wire/frame-header.ts";
import { FrameKeys, openFrame, sealFrame } from "../../../src/journeys/clone/wire/frame-seal.ts";
import { decodeIndexPart, encodeIndexPart } from "../../../src/journeys/clone/wire/index-part.ts";
import { encodeMessage, messageShapes, MessageSplitter } from "../../../src/journeys/clone/wire/messages.ts";
import { indexSubject, isSigned, signSubject } from "../../../src/journeys/clone/wire/signed.ts";
import { rawPublicKey } from "../../../src/image/signatures/ed25519.ts";
import { fingerprintOf, formatToken, parseToken } from "../../../src/journeys/clone/wire/token.ts";
import * as samples from "./samples.ts";

const golden = (name: string): Buffer => readFileSync(join(import.meta.dirname, name));

test("each message of the chain protocol has its golden bytes", () => {
  assert.deepEqual(new Set(samples.messages.map(({ kind }) => kind)), new Set(Object.keys(messageShapes)));
  for (const message of samples.messages) {
    const bytes = golden(`message-${message.kind}.bin`);
    assert.deepEqual(new MessageSplitter().push(bytes), [message]);
    assert.deepEqual(encodeMessage(message), bytes, message.kind);
  }
});

test("a frame has its golden bytes", () => {
  const bytes = golden("frame.bin");
  const keys = new FrameKeys(samples.sessionId, samples.sessionKey);
  const header = decodeFrameHeader(bytes);
  assert.deepEqual({ ...samples.frameHeader, bodyBytes: bytes.length - headerBytes }, header);
  assert.deepEqual(openFrame(keys, header, bytes.subarray(headerBytes)), samples.framePlain);
  assert.deepEqual(sealFrame(keys, samples.frameHeader, samples.framePlain), bytes);
});

const itemsOf = (payload: Buffer): object[] =>
  decodeIndexPart(payload).map((item) => ("bytes" in item ? { ...item, bytes: Buffer.from(item.bytes) } : item));

test("a part of the index of a growing session has its golden bytes", () => {
  const payload = golden("growing-part.bin");
  assert.deepEqual(itemsOf(payload), samples.growingItems);
  assert.deepEqual(encodeIndexPart(samples.growingItems), payload);
});

test("a part of the index has its golden bytes, and its signature holds for its place alone", () => {
  const bytes = golden("index-part.bin");
  const [signature, payload] = [bytes.subarray(0, 64), bytes.subarray(64)];
  assert.deepEqual(itemsOf(payload), samples.indexItems);
  const publicKey = createPublicKey(samples.goldenKey);
  const subject = indexSubject(samples.sessionId, 1, payload);
  assert.deepEqual(signSubject(subject, samples.goldenKey), signature);
  assert.ok(isSigned(subject, signature, publicKey));
  assert.ok(!isSigned(indexSubject(samples.sessionId, 2, payload), signature, publicKey));
  assert.ok(!isSigned(indexSubject(Buffer.alloc(16, 9), 1, payload), signature, publicKey));
});

test("a token has its golden text", () => {
  const text = golden("token.txt").toString();
  const fingerprint = fingerprintOf(rawPublicKey(createPublicKey(samples.goldenKey)));
  assert.deepEqual(parseToken(text), { fingerprint, secret: samples.tokenSecret });
  assert.equal(`${formatToken(parseToken(text))}\n`, text);
});

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { RehomeError } from "../../../core/errors.ts";
import { decodeFrameHeader, encodeFrameHeader, headerBytes, type FrameHeader } from "./frame-header.ts";
import { FrameKeys, openFrame, sealFrame } from "./frame-seal.ts";
import { decodeIndexPart, encodeIndexPart, type IndexItem } from "./index-part.ts";
import { decodeMessage, encodeMessage, messageShapes, MessageSplitter, type Message } from "./messages.ts";
import { rawPublicKey } from "../../../image/signatures/ed25519.ts";
import { fingerprintOf, formatToken, goldenKeyOf, parseToken } from "./token.ts";

const count = fc.maxSafeNat();
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));
const frames = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 1000 })), { maxLength: 50 })
  .map((pairs) => {
    let at = 0;
    return pairs.map(([gap, length]) => {
      const start = at + gap;
      at = start + length;
      return { start, end: at };
    });
  });
const text = fc.string({ unit: "grapheme", maxLength: 60 });
const valueOf = {
  count,
  text,
  document: fc.string({ unit: "grapheme", maxLength: 3000 }),
  flag: fc.boolean(),
  frames,
  16: bytes(16),
  32: bytes(32),
  64: bytes(64),
} as const;

const message = fc.oneof(
  ...Object.entries(messageShapes).map(([kind, { fields }]) =>
    fc
      .record(
        Object.fromEntries(
          Object.entries(fields).map(([name, field]) => [
            name,
            valueOf[field as keyof typeof valueOf] as fc.Arbitrary<unknown>,
          ]),
        ),
      )
      .map((values) => ({ ...values, ...(kind === "hello" && { version: 1 }), kind }) as unknown as Message),
  ),
);

/** Runs a decoder on bytes of an enemy: it may refuse them with a failure of its own, and do nothing else. */
function survives(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    assert.ok(error instanceof RehomeError, String(error));
  }
}

test("every message is read as it was written, however the stream is cut", () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), fc.integer({ min: 1, max: 64 }), (messages, step) => {
      const stream = Buffer.concat(messages.map(encodeMessage));
      const splitter = new MessageSplitter();
      const read: Message[] = [];
      for (let at = 0; at < stream.length; at += step) read.push(...splitter.push(stream.subarray(at, at + step)));
      assert.deepEqual(
        read,
        messages.map((each) => ({ ...each })),
      );
    }),
    { numRuns: 300 },
  );
});

test("decoders survive any bytes, and any change of right ones", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (input) => {
      survives(() => decodeMessage(input));
      survives(() => new MessageSplitter().push(Buffer.from(input)));
      survives(() => decodeIndexPart(input));
      if (input.length >= headerBytes) survives(() => decodeFrameHeader(Buffer.from(input)));
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (each, at, flip) => {
      const changed = encodeMessage(each).subarray(4);
      changed[at % changed.length] = (changed[at % changed.length] as number) ^ flip;
      survives(() => decodeMessage(changed));
    }),
    { numRuns: 2000 },
  );
});

test("a hello of another version is read as far as its version", () => {
  assert.deepEqual(decodeMessage(Buffer.from([1, 4, 0xff, 0xff])), {
    kind: "hello",
    version: 4,
    session: "",
    name: "",
    port: 0,
    rejoins: 0,
  });
});

const items: readonly IndexItem[] = [
  { kind: "manifest", bytes: Buffer.from("manifest") },
  { kind: "chunk", bytes: Buffer.alloc(1000, 3) },
  { kind: "head", totalEntries: 300, totalBytes: 2 ** 40, bytes: Buffer.from("a head") },
  { kind: "segment", bytes: Buffer.alloc(700, 4) },
  {
    kind: "directory",
    blocks: [
      { codec: 1, storedBytes: 700, chunkIds: new Uint8Array(64).fill(9), chunkLengths: Uint32Array.of(5, 900) },
    ],
  },
];

test("decodeIndexPart() reads what encodeIndexPart() wrote, and survives each flipped byte", () => {
  const part = encodeIndexPart(items);
  assert.deepEqual(
    decodeIndexPart(part).map((item) => ("bytes" in item ? { ...item, bytes: Buffer.from(item.bytes) } : item)),
    items,
  );
  for (let at = 0; at < part.length; at++) {
    const changed = Buffer.from(part);
    changed[at] = (changed[at] as number) ^ 0x41;
    survives(() => decodeIndexPart(changed));
  }
});

test("a frame opens under its own header and key alone", () => {
  const keys = new FrameKeys(Buffer.alloc(16, 1), Buffer.alloc(32, 2));
  const plain = Buffer.alloc(200_000, 7);
  const header: Omit<FrameHeader, "bodyBytes"> = { type: "rebuilt", frame: 5, sealer: 3, counter: 9 };
  const sealed = sealFrame(keys, header, plain);
  const read = decodeFrameHeader(sealed);
  const body = sealed.subarray(headerBytes);
  assert.deepEqual(openFrame(keys, read, body), plain);
  assert.equal(read.bodyBytes, body.length);
  for (const other of [{ frame: 6 }, { sealer: 4 }, { counter: 10 }, { type: "block" as const }])
    assert.throws(() => openFrame(keys, { ...read, ...other }, body), { code: "OBJECT_DAMAGED" });
  assert.throws(() => openFrame(new FrameKeys(Buffer.alloc(16, 8), Buffer.alloc(32, 2)), read, body));
  for (const at of [0, 65_519, 65_520, 65_536, body.length - 1]) {
    const changed = Buffer.from(body);
    changed[at] = (changed[at] as number) ^ 1;
    assert.throws(() => openFrame(keys, read, changed), { code: "OBJECT_DAMAGED" });
  }
  // Slices are bound to their places: two of them cannot be exchanged, and the end cannot be cut off.
  const swapped = Buffer.concat([body.subarray(65_536, 131_072), body.subarray(0, 65_536), body.subarray(131_072)]);
  assert.throws(() => openFrame(keys, read, swapped), { code: "OBJECT_DAMAGED" });
  assert.throws(() => openFrame(keys, { ...read, bodyBytes: 65_536 }, body.subarray(0, 65_536)));
});

test("a frame header is read as it was written", () => {
  const header = { type: "block", frame: 4_000_000_000, bodyBytes: 1_048_592, sealer: 0, counter: 3 } as const;
  assert.deepEqual(decodeFrameHeader(encodeFrameHeader(header)), header);
  assert.throws(() => decodeFrameHeader(encodeFrameHeader({ ...header, sealer: 1 })), { code: "FORMAT_INVALID" });
  assert.throws(() => decodeFrameHeader(encodeFrameHeader({ ...header, bodyBytes: 17_000_000 })));
});

test("parseToken() reads what formatToken() wrote, and names the golden key", () => {
  const { publicKey } = generateKeyPairSync("ed25519");
  const raw = rawPublicKey(publicKey);
  const token = { fingerprint: fingerprintOf(raw), secret: Buffer.alloc(32, 4) };
  const parsed = parseToken(`${formatToken(token)}\n`);
  assert.deepEqual(parsed, token);
  assert.ok(goldenKeyOf(parsed, raw)?.equals(publicKey));
  assert.equal(goldenKeyOf(parsed, Buffer.alloc(32)), undefined);
  const secret = "rehome-chain-1.short";
  assert.throws(
    () => parseToken(secret),
    (error: Error) => !error.message.includes("short"),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { holds } from "../../../test/support/properties.ts";
import { randomNumbers } from "../../../test/support/seed.ts";
import { ObjectDamagedError } from "../errors.ts";
import { BlockBuilder, blockTargetBytes, compressBlock } from "./block-builder.ts";
import { cutParameters } from "./cut.ts";
import { decodeBlock, sha256, sha256Into } from "./decode-block.ts";

/** Bytes that shrink well (`text`), not at all, or to nearly nothing. */
const contents: fc.Arbitrary<Buffer> = fc
  .tuple(fc.constantFrom("text", "noise", "zeros"), fc.integer({ min: 1, max: 300_000 }), fc.integer())
  .map(([kind, length, seed]) => {
    if (kind === "zeros") return Buffer.alloc(length);
    const next = randomNumbers(seed);
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length; at++) bytes[at] = kind === "noise" ? next() * 256 : 97 + next() * 4;
    return bytes;
  });

function build(chunks: readonly Buffer[], level: "standard" | number): ReturnType<BlockBuilder["take"]> {
  const builder = new BlockBuilder({ level }, cutParameters.maxBytes);
  for (const chunk of chunks) {
    builder.room().set(chunk);
    builder.add(sha256(chunk), chunk.length);
  }
  return builder.take();
}

test("BlockBuilder keeps every chunk, in order, in blocks of at most a target and a chunk", async (context) => {
  await holds(
    context,
    fc.property(
      fc.array(contents, { minLength: 1, maxLength: 12 }),
      fc.constantFrom("standard" as const, 1, 9),
      (chunks, level) => {
        const blocks = build(chunks, level);
        const found: Buffer[] = [];
        for (const block of blocks) {
          assert.ok(block.plainBytes <= blockTargetBytes + cutParameters.maxBytes);
          assert.ok(block.stored.length <= block.plainBytes);
          assert.deepEqual(Buffer.from(block.id), sha256(block.stored));
          assert.equal(block.stored.buffer.byteLength, block.stored.length, "the stored bytes own their memory");
          const plain = decodeBlock(block.stored, block.codec, block.plainBytes, "block");
          let offset = 0;
          for (const [at, length] of [...block.chunkLengths].entries()) {
            const chunk = plain.subarray(offset, offset + length);
            assert.deepEqual(Buffer.from(block.chunkIds.subarray(at * 32, at * 32 + 32)), sha256(chunk));
            found.push(chunk);
            offset += length;
          }
          assert.equal(offset, block.plainBytes);
        }
        for (const block of blocks.slice(0, -1)) assert.ok(block.plainBytes >= blockTargetBytes);
        assert.ok(Buffer.concat(found).equals(Buffer.concat(chunks)));
      },
    ),
    25,
  );
});

test("BlockBuilder hands out nothing where nothing was added, and everything once", () => {
  const builder = new BlockBuilder({ level: "standard" }, 100);
  assert.deepEqual(builder.take(), []);
  builder.room().write("chunk");
  builder.add(sha256(Buffer.from("chunk")), 5);
  assert.equal(builder.take().length, 1);
  assert.deepEqual(builder.take(), []);
});

test("compressBlock() stores as they are bytes that do not shrink", () => {
  const noise = Buffer.alloc(100_000);
  const next = randomNumbers(1);
  for (let at = 0; at < noise.length; at++) noise[at] = next() * 256;
  assert.equal(compressBlock(noise, { level: 3 }).codec, 0);
  assert.equal(compressBlock(Buffer.from("x"), { level: 3 }).codec, 0);
  assert.equal(compressBlock(Buffer.alloc(100_000), { level: 3 }).codec, 1);
});

test("decodeBlock() refuses frames of other lengths, and what is no frame", () => {
  const { stored } = compressBlock(Buffer.alloc(100_000, "abc"), { level: 3 });
  for (const plainBytes of [99_999, 100_001, 1])
    assert.throws(() => decodeBlock(stored, 1, plainBytes, "block"), ObjectDamagedError);
  assert.throws(() => decodeBlock(Buffer.from("no frame"), 1, 8, "block"), ObjectDamagedError);
  assert.throws(() => decodeBlock(Buffer.alloc(0), 1, 8, "block"), ObjectDamagedError);
  assert.throws(() => decodeBlock(stored.subarray(0, -1), 1, 100_000, "block"), ObjectDamagedError);
  assert.throws(() => decodeBlock(Buffer.from("four"), 0, 5, "block"), ObjectDamagedError);
});

test("sha256Into() writes what sha256() gives", () => {
  const into = Buffer.alloc(40, 1);
  sha256Into(Buffer.from("abc"), into);
  assert.deepEqual(into.subarray(0, 32), sha256(Buffer.from("abc")));
  assert.deepEqual(into.subarray(32), Buffer.alloc(8, 1));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { holds } from "../../../test/support/properties.ts";
import { randomNumbers } from "../../../test/support/seed.ts";
import { cutParameters, findCut } from "./cut.ts";

const { minBytes, maxBytes } = cutParameters;

function randomBytes(seed: number, sizeBytes: number): Buffer {
  const next = randomNumbers(seed);
  const words = Uint32Array.from({ length: Math.ceil(sizeBytes / 4) }, () => next() * 2 ** 32);
  return Buffer.from(words.buffer, 0, sizeBytes);
}

function cutAll(bytes: Buffer, start = 0): number[] {
  const cuts: number[] = [];
  for (let at = start; at < bytes.length; at = cuts.at(-1) ?? bytes.length) cuts.push(findCut(bytes, at, bytes.length));
  return cuts;
}

test("findCut() keeps every chunk within its bounds", async (context) => {
  await holds(
    context,
    fc.property(fc.integer(), fc.integer({ min: 1, max: 4 * maxBytes }), (seed, sizeBytes) => {
      const bytes = randomBytes(seed, sizeBytes);
      const cuts = cutAll(bytes);
      assert.equal(cuts.at(-1), sizeBytes);
      const lengths = cuts.map((cut, at) => cut - (cuts[at - 1] ?? 0));
      for (const length of lengths.slice(0, -1)) assert.ok(length > minBytes && length <= maxBytes);
      const last = lengths.at(-1) ?? 0;
      assert.ok(last >= 1 && last <= maxBytes);
    }),
    20,
  );
});

test("findCut() cuts bytes that are all alike at the maximum", () => {
  assert.deepEqual(
    cutAll(Buffer.alloc(2 * maxBytes + 5)).map((cut, at, all) => cut - (all[at - 1] ?? 0)),
    [maxBytes, maxBytes, 5],
  );
});

test("findCut() does not cut an extent of the minimum or less", () => {
  const bytes = randomBytes(1, minBytes);
  for (const length of [1, 2, minBytes - 1, minBytes]) assert.equal(findCut(bytes, 0, length), length);
});

test("findCut() finds the same cuts again after bytes are put in before them", () => {
  const bytes = randomBytes(7, 8 * maxBytes);
  const moved = Buffer.concat([Buffer.from("put in"), bytes]);
  const before = new Set(cutAll(bytes).map((cut) => cut + 6));
  const shared = cutAll(moved).filter((cut) => before.has(cut)).length;
  assert.ok(shared > before.size / 2, `${shared} of ${before.size}`);
});

test("findCut() depends on nothing but the bytes of the chunk", async (context) => {
  const bytes = randomBytes(3, 3 * maxBytes);
  const cut = findCut(bytes, maxBytes, bytes.length) - maxBytes;
  await holds(
    context,
    fc.property(fc.nat(maxBytes), (offset) => {
      const elsewhere = Buffer.concat([Buffer.alloc(offset, 0xaa), bytes.subarray(maxBytes)]);
      assert.equal(findCut(elsewhere, offset, elsewhere.length) - offset, cut);
    }),
    10,
  );
});

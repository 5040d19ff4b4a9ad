import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameMemory } from "./frame-memory.ts";

test("memory fits what it is taken for: less than twice as much, and less than 256 KiB more", () => {
  const memory = new FrameMemory();
  for (const sizeBytes of [1, 4096, 4097, 50_000, 262_144, 262_145, 1_049_000, 16_777_236]) {
    const { byteLength } = memory.take(sizeBytes);
    assert.ok(byteLength >= sizeBytes, `${sizeBytes}`);
    assert.ok(byteLength < Math.max(8192, sizeBytes * 2) && byteLength < sizeBytes + 262_144, `${sizeBytes}`);
  }
});

test("memory that was given back is taken again, by what is about as large", () => {
  const memory = new FrameMemory();
  const first = memory.take(50_000);
  memory.giveBack(first);
  assert.notEqual(memory.take(5000), first);
  assert.equal(memory.take(60_000), first);
  assert.notEqual(memory.take(60_000), first);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeFrameHeader, encodeFrameHeader } from "../wire/frame-header.ts";
import { FrameBytes } from "./frame-bytes.ts";
import { FrameMemory } from "./frame-memory.ts";

function frameOf(memory: FrameMemory, bodyBytes: number): FrameBytes {
  const head = encodeFrameHeader({ type: "block", frame: 7, bodyBytes, sealer: 0, counter: 1 });
  return FrameBytes.toBeFilled(decodeFrameHeader(head), head, memory);
}

test("the memory of a frame is used again once all who hold it have released it, and not before", () => {
  const memory = new FrameMemory();
  const first = frameOf(memory, 1000);
  const { buffer } = first.bytes;
  first.retain();
  first.release();
  assert.notEqual(frameOf(memory, 1000).bytes.buffer, buffer, "the sender still has it");
  first.release();
  const next = frameOf(memory, 2000);
  assert.equal(next.bytes.buffer, buffer);
  assert.equal(next.bytes.length, 2020, "as long as the frame, however long the memory");
  assert.equal(decodeFrameHeader(next.bytes.subarray(0, 20)).bodyBytes, 2000);
  assert.notEqual(frameOf(memory, 2000).bytes.buffer, buffer, "given to one frame at a time");
});

test("FrameMemory keeps little that nobody uses", () => {
  const memory = new FrameMemory();
  const kept = new Set(Array.from({ length: 100 }, () => memory.take(1024 * 1024)));
  for (const each of kept) memory.giveBack(each);
  const again = Array.from({ length: 100 }, () => memory.take(1024 * 1024)).filter((each) => kept.has(each));
  assert.ok(again.length > 0 && again.length <= 32, `${again.length} MiB were kept`);
});

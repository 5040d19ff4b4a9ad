import assert from "node:assert/strict";
import { test } from "node:test";
import { countOf, formatBytes, formatCount, formatDuration, formatShare } from "./quantities.ts";

test("formatBytes() shows three digits", () => {
  const texts = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "0.98 KiB"],
    [1536, "1.50 KiB"],
    [10 * 2 ** 20, "10.0 MiB"],
    [730 * 2 ** 20, "730 MiB"],
    [999.7 * 2 ** 20, "0.98 GiB"],
    [9.999 * 2 ** 30, "10.0 GiB"],
    [Number.MAX_SAFE_INTEGER, "8.00 PiB"],
  ] as const;
  for (const [sizeBytes, text] of texts) assert.equal(formatBytes(sizeBytes), text);
});

test("formatCount() and countOf() separate thousands", () => {
  assert.equal(formatCount(0), "0");
  assert.equal(formatCount(1234567), "1,234,567");
  assert.equal(countOf(1, "entry", "entries"), "1 entry");
  assert.equal(countOf(16204, "entry", "entries"), "16,204 entries");
});

test("formatDuration() grows from seconds to hours", () => {
  const texts = [
    [0, "0.0 s"],
    [9949, "9.9 s"],
    [9951, "10 s"],
    [59_400, "59 s"],
    [59_600, "1:00 min"],
    [185_000, "3:05 min"],
    [7_385_000, "2:03:05 h"],
  ] as const;
  for (const [durationMs, text] of texts) assert.equal(formatDuration(durationMs), text);
});

test("formatShare() says 100 % only when all is there", () => {
  assert.equal(formatShare(999, 1000), "99 %");
  assert.equal(formatShare(1000, 1000), "100 %");
  assert.equal(formatShare(0, 0), "100 %");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryEngine } from "../../../test/support/memory-engine.ts";
import type { Progress } from "../../core/progress.ts";
import type { JobId } from "../job.ts";
import { ProgressMeter } from "./job-progress.ts";
import { publishProgress } from "./publish-progress.ts";

const job = "0a1b2c3d" as JobId;
const at = (bytes: number, more: Partial<Progress> = {}): Progress => ({
  version: 1,
  phase: "reading",
  bytes,
  items: 0,
  ...more,
});

test("ProgressMeter tells rate and time left from the last seconds", () => {
  const meter = new ProgressMeter(job, [{ weight: 1 }]);
  meter.begin(0, "read");
  meter.read(0);
  for (let ms = 200; ms <= 2000; ms += 200) {
    meter.take(at(ms * 10, { totalBytes: 100_000 }));
    meter.read(ms);
  }
  const { rate, etaMs, percent, checkpoint, at: when } = meter.read(2000) ?? assert.fail();
  assert.equal(rate, 10_000);
  assert.equal(etaMs, 8000);
  assert.deepEqual([percent, checkpoint, when], [20, "read", "1970-01-01T00:00:02.000Z"]);
});

test("ProgressMeter weighs checkpoints, and its percent never falls nor passes 100", () => {
  const meter = new ProgressMeter(job, [{ weight: 1 }, { weight: 3 }]);
  const seen: number[] = [];
  const take = (progress: Progress): void => void seen.push(meter.take(progress).percent ?? -1);
  meter.begin(0, "first");
  take(at(50, { totalBytes: 100 }));
  take(at(10, { phase: "again", totalBytes: 100 }));
  meter.begin(1, "second");
  take(at(0));
  take(at(50, { totalBytes: 100, items: 1, totalItems: 4 }));
  take(at(200, { totalBytes: 100 }));
  assert.deepEqual(seen, [12.5, 12.5, 25, 43.7, 100]);
});

test("ProgressMeter calls a phase stalled after 30 seconds without movement, a silent checkpoint too", () => {
  const meter = new ProgressMeter(job, [{ weight: 1 }, { weight: 1 }]);
  meter.begin(0, "silent");
  assert.equal(meter.read(0)?.stalledMs, undefined);
  assert.equal(meter.read(29_999)?.stalledMs, undefined);
  const { stalledMs, phase } = meter.read(30_000) ?? assert.fail();
  assert.deepEqual([stalledMs, phase], [30_000, "silent"]);
  meter.take(at(1, { waitsFor: "a disk" }));
  assert.equal(meter.read(31_000)?.stalledMs, undefined);
  // Said again and again, and still the same.
  meter.take(at(1, { waitsFor: "a disk" }));
  const stalled = meter.read(62_000);
  assert.deepEqual([stalled?.stalledMs, stalled?.waitsFor], [31_000, "a disk"]);
  meter.begin(1, "next");
  assert.equal(meter.read(62_001)?.stalledMs, undefined);
});

test("publishProgress() gives readers the latest of 10,000 updates a second at most five times a second", async () => {
  const { clock, published, files } = memoryEngine();
  const meter = new ProgressMeter(job, [{ weight: 1 }]);
  {
    using _publishing = publishProgress({ clock, files }, job, meter);
    meter.begin(0, "read");
    for (let ms = 0; ms < 3000; ms++) {
      for (let each = 1; each <= 10; each++) meter.take(at(ms * 10 + each, { totalBytes: 30_000 }));
      await clock.pass(1);
    }
  }
  assert.equal(clock.timerCount, 0);
  assert.equal(published.pop(), undefined);
  assert.equal(published.length, 15);
  for (const [index, progress] of published.entries()) {
    assert.equal(progress?.bytes, (index + 1) * 2000);
    assert.equal(progress.job, job);
  }
});

test("publishProgress() ends no job, when progress cannot be written", async () => {
  const { clock, files } = memoryEngine();
  const full = (): never => {
    throw new RangeError("the disk is full");
  };
  const meter = new ProgressMeter(job, [{ weight: 1 }]);
  using _publishing = publishProgress({ clock, files: { ...files, publishProgress: full } }, job, meter);
  meter.begin(0, "read");
  await clock.pass(1000);
});

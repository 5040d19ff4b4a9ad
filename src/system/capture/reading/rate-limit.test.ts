import assert from "node:assert/strict";
import { test } from "node:test";
import { limitRate, unlimited } from "./rate-limit.ts";

/** A clock that moves only by waiting. */
function clock(): { now: () => number; wait: (ms: number) => Promise<void>; atMs: number } {
  const self = {
    atMs: 1000,
    now: () => self.atMs,
    wait: (ms: number) => {
      self.atMs += ms;
      return Promise.resolve();
    },
  };
  return self;
}

test("limitRate() lets the rate through on average", async () => {
  const time = clock();
  const limit = limitRate(() => 1_000_000, time.now, time.wait);
  for (let taken = 0; taken < 10_000_000; taken += 100_000) await limit.take(100_000);
  assert.ok(Math.abs(time.atMs - 1000 - 9500) < 1, `${time.atMs}`);
});

test("limitRate() lets half a second's worth through at once, however long nothing was taken", async () => {
  const time = clock();
  const limit = limitRate(() => 1_000_000, time.now, time.wait);
  time.atMs += 60_000;
  const before = time.atMs;
  await limit.take(500_000);
  assert.equal(time.atMs, before);
  await limit.take(1_000_000);
  assert.equal(time.atMs, before + 1000);
});

test("limitRate() stops waiting, when the signal is aborted", async () => {
  const time = clock();
  const stop = new AbortController();
  const limit = limitRate(
    () => 1000,
    time.now,
    (ms) => {
      if (time.atMs > 3000) stop.abort();
      return time.wait(ms);
    },
  );
  await limit.take(1_000_000, stop.signal);
  assert.ok(time.atMs < 4000, `${time.atMs}`);
});

test("limitRate() heeds another limit, also while it waits for a very low one", async () => {
  const time = clock();
  let bytesPerSecond = 1000;
  const limit = limitRate(
    () => bytesPerSecond,
    time.now,
    (ms) => {
      if (time.atMs > 3000) bytesPerSecond = 1_000_000;
      return time.wait(ms);
    },
  );
  await limit.take(1_000_000_000);
  await limit.take(1_000_000);
  assert.ok(time.atMs < 5000, `${time.atMs}`);
});

test("unlimited never waits", async () => {
  await unlimited.take(Number.MAX_SAFE_INTEGER);
});

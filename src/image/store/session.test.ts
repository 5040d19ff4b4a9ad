import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { memoryBlobStore } from "../blob-store/memory-blob-store.ts";
import { SessionLapsedError } from "../errors.ts";
import { openSealedObject, sealObject } from "../format/sealed-object.ts";
import { findSessions, Session, sessionGraceMs, type ProcessProbe, type SessionRecord } from "./session.ts";

const owner = { host: "here", bootId: "boot", pidNamespace: "pid:[1]", pid: 7, startTicks: 70 };
const probe: ProcessProbe = { self: () => owner, isAlive: () => true };
const minuteMs = 60_000;

function stopTheClock(t: TestContext): void {
  t.mock.timers.enable({ apis: ["Date", "setInterval"], now: 1_800_000_000_000 });
}

/** Lets time pass and what it sets off happen. */
async function pass(t: TestContext, ms: number): Promise<void> {
  t.mock.timers.tick(ms);
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

function sessionsIn(objects: ReadonlyMap<string, Buffer>): string[] {
  return [...objects.keys()].filter((key) => key.startsWith("sessions/"));
}

async function findOne(blobs: BlobStore, asked: ProcessProbe = probe) {
  const found = await findSessions(blobs, asked);
  assert.equal(found.length, 1);
  return found[0]!;
}

test("Session.begin() publishes who holds it, for what, and what it needs", async (t) => {
  stopTheClock(t);
  const blobs = memoryBlobStore();
  await using session = await Session.begin(blobs, probe, "restore web:1", ["a".repeat(64)]);
  const record = openSealedObject("session", blobs.objects.get(`sessions/${session.id}.0`)!, "") as SessionRecord;
  assert.deepEqual(record, {
    id: session.id,
    sequence: 0,
    renewedAt: new Date(1_800_000_000_000).toISOString(),
    graceMs: 3_600_000,
    owner,
    images: ["a".repeat(64)],
    purpose: "restore web:1",
  });
  assert.equal((await findOne(blobs)).lapsed, false);
});

test("Session leaves nothing behind, when it ends", async () => {
  const blobs = memoryBlobStore();
  const session = await Session.begin(blobs, probe, "prune", []);
  await session.need(["b".repeat(64)]);
  await session[Symbol.asyncDispose]();
  assert.deepEqual(sessionsIn(blobs.objects), []);
});

test("Session renews itself under the next number, and there is an object of it at every moment", async (t) => {
  stopTheClock(t);
  const objects = new Map<string, Buffer>();
  const blobs: BlobStore = {
    ...memoryBlobStore(objects),
    async delete(key) {
      objects.delete(key);
      assert.ok(sessionsIn(objects).length > 0, "no object is left");
    },
  };
  const session = await Session.begin(blobs, probe, "capture web", []);
  for (let number = 1; number <= 30; number++) {
    await pass(t, 5 * minuteMs);
    assert.deepEqual(sessionsIn(objects), [`sessions/${session.id}.${number}`]);
    await session.assertLive();
    assert.equal((await findOne(blobs)).lapsed, false);
  }
});

test("need() adds to what the session lists, before it returns", async () => {
  const blobs = memoryBlobStore();
  await using session = await Session.begin(blobs, probe, "capture web", ["a".repeat(64)]);
  await session.need(["b".repeat(64)]);
  await session.need(["a".repeat(64), "c".repeat(64)]);
  assert.deepEqual((await findOne(blobs)).images, ["a".repeat(64), "b".repeat(64), "c".repeat(64)]);
  assert.equal(sessionsIn(blobs.objects).length, 1);
});

test("Session leaves nothing behind, when it is renewed by need() and by time at once", async (t) => {
  stopTheClock(t);
  const objects = new Map<string, Buffer>();
  const memory = memoryBlobStore(objects);
  let turns = 40;
  const slow: BlobStore = {
    ...memory,
    async put(key, parts) {
      // Each put is faster than the one before.
      for (let turn = (turns -= 10); turn > 0; turn--) await Promise.resolve();
      return memory.put(key, parts);
    },
  };
  const session = await Session.begin(slow, probe, "capture web", []);
  const needed = session.need(["b".repeat(64)]);
  await Promise.resolve();
  await pass(t, 5 * minuteMs);
  await needed;
  await session[Symbol.asyncDispose]();
  assert.deepEqual(sessionsIn(objects), []);
});

test("Session stays live and leaves nothing behind, when a renewal fails once", async (t) => {
  stopTheClock(t);
  const objects = new Map<string, Buffer>();
  const memory = memoryBlobStore(objects);
  let fails = false;
  const blobs: BlobStore = {
    ...memory,
    put: (key, parts) => (fails ? Promise.reject(new Error("disk full")) : memory.put(key, parts)),
  };
  const session = await Session.begin(blobs, probe, "capture web", []);
  fails = true;
  await pass(t, 5 * minuteMs);
  assert.equal(sessionsIn(objects).length, 1);
  fails = false;
  await pass(t, 5 * minuteMs);
  assert.equal(sessionsIn(objects).length, 1);
  await session.assertLive();
  await session[Symbol.asyncDispose]();
  assert.deepEqual(sessionsIn(objects), []);
});

test("assertLive() throws, when no renewal has worked for nearly the grace", async (t) => {
  stopTheClock(t);
  const memory = memoryBlobStore();
  let puts = 0;
  const blobs: BlobStore = {
    ...memory,
    put: (key, parts) => (++puts > 1 ? Promise.reject(new Error("gone")) : memory.put(key, parts)),
  };
  await using session = await Session.begin(blobs, probe, "capture web", []);
  await pass(t, 50 * minuteMs);
  await session.assertLive();
  await pass(t, 5 * minuteMs);
  await assert.rejects(session.assertLive(), SessionLapsedError);
});

test("Session does not come to life again, when its process slept longer than the grace", async (t) => {
  stopTheClock(t);
  const blobs = memoryBlobStore();
  await using session = await Session.begin(blobs, probe, "capture web", []);
  t.mock.timers.setTime(1_800_000_000_000 + sessionGraceMs - 5 * minuteMs);
  await pass(t, 15 * minuteMs);
  await assert.rejects(session.assertLive(), SessionLapsedError);
  await assert.rejects(session.need(["b".repeat(64)]), SessionLapsedError);
  await pass(t, 15 * minuteMs);
  await assert.rejects(session.assertLive(), SessionLapsedError);
});

test("assertLive() throws, when somebody took the session for dead and removed its object", async (t) => {
  stopTheClock(t);
  const blobs = memoryBlobStore();
  await using session = await Session.begin(blobs, probe, "capture web", []);
  await blobs.delete(`sessions/${session.id}.0`);
  await assert.rejects(session.assertLive(), SessionLapsedError);
  await pass(t, 30 * minuteMs);
  assert.deepEqual(sessionsIn(blobs.objects), [], "it does not publish itself again");
  await assert.rejects(session.assertLive(), SessionLapsedError);
});

test("Session ends, when somebody takes it for dead just as it renews itself", async (t) => {
  stopTheClock(t);
  const objects = new Map<string, Buffer>();
  const memory = memoryBlobStore(objects);
  const blobs: BlobStore = {
    ...memory,
    async put(key, parts) {
      objects.delete(key.replace(".1", ".0"));
      return memory.put(key, parts);
    },
  };
  await using session = await Session.begin(blobs, probe, "capture web", []);
  await assert.rejects(session.need([]), SessionLapsedError);
  await assert.rejects(session.assertLive(), SessionLapsedError);
  assert.deepEqual(sessionsIn(objects), []);
});

async function putRecord(blobs: BlobStore, change: Partial<SessionRecord>): Promise<void> {
  const record: SessionRecord = {
    id: "0".repeat(32),
    sequence: 0,
    renewedAt: new Date().toISOString(),
    graceMs: sessionGraceMs,
    owner: { ...owner, host: "elsewhere" },
    images: [],
    purpose: "capture web",
    ...change,
  };
  await blobs.put(`sessions/${record.id}.${record.sequence}`, [sealObject("session", record)]);
}

const dead: ProcessProbe = { self: () => owner, isAlive: () => false };
const unknown: ProcessProbe = { self: () => owner, isAlive: () => undefined };
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

test("findSessions() takes a session for lapsed by its time, or when its process is known to have ended", async () => {
  const cases: readonly (readonly [string, ProcessProbe, boolean])[] = [
    [ago(0), unknown, false],
    [ago(59 * minuteMs), unknown, false],
    [ago(61 * minuteMs), unknown, true],
    [ago(61 * minuteMs), probe, true],
    [ago(59 * minuteMs), probe, false],
    [ago(0), dead, true],
  ];
  for (const [renewedAt, asked, lapsed] of cases) {
    const blobs = memoryBlobStore();
    await putRecord(blobs, { renewedAt });
    assert.equal((await findOne(blobs, asked)).lapsed, lapsed, `${renewedAt} ${String(asked.isAlive(owner))}`);
  }
});

test("findSessions() goes by the newest object of a session, and by the images of all", async () => {
  const blobs = memoryBlobStore();
  await putRecord(blobs, { sequence: 9, renewedAt: ago(61 * minuteMs), images: ["a".repeat(64)] });
  await putRecord(blobs, { sequence: 10, images: ["b".repeat(64)] });
  const found = await findOne(blobs, unknown);
  assert.equal(found.lapsed, false);
  assert.equal(found.record?.sequence, 10);
  assert.deepEqual(found.images.toSorted(), ["a".repeat(64), "b".repeat(64)]);
  assert.equal(found.keys.length, 2);
});

test("findSessions() takes a damaged session for live, whatever its process does", async () => {
  for (const change of [
    (bytes: Buffer) => bytes.subarray(0, bytes.length / 2),
    (bytes: Buffer) => bytes.fill(0x20, bytes.length - 10, bytes.length - 5),
    () => Buffer.alloc(0),
    () => sealObject("session", { id: "0".repeat(32) }),
    () => sealObject("session", null),
    () =>
      sealObject("session", {
        id: "0".repeat(32),
        sequence: 0,
        renewedAt: ago(0),
        graceMs: 1,
        owner: null,
        images: [],
      }),
  ]) {
    const blobs = memoryBlobStore();
    await putRecord(blobs, { renewedAt: ago(61 * minuteMs) });
    for (const [key, bytes] of blobs.objects) blobs.objects.set(key, change(bytes));
    const found = await findOne(blobs, dead);
    assert.equal(found.lapsed, false);
    assert.equal(found.id, "0".repeat(32));
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { HandClock, memoryEngine, settle, type MemoryEngine } from "../../../test/support/memory-engine.ts";
import { JobBusyError, JobLostError, JobUnknownError, TimedOutError } from "../errors.ts";
import type { Checkpoint, CheckpointContext, JobKind } from "../job-kind.ts";
import type { JobId, Json } from "../job.ts";
import { MemoryJournal } from "../journal/memory-journal.ts";
import { createJob } from "./create-job.ts";
import { runJob } from "./run-job.ts";

const id = "0a1b2c3d" as JobId;

/** A checkpoint that does what the test says; it ends with what it is told to, or when its signal is aborted. */
function checkpoint(name: string, run: (context: CheckpointContext) => Promise<Json>, more: Partial<Checkpoint> = {}) {
  return { name, title: `Do ${name}`, weight: 1, undo: "none" as const, run, ...more } satisfies Checkpoint;
}

const untilStopped = ({ signal }: CheckpointContext): Promise<Json> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });

function kindOf(checkpoints: readonly Checkpoint[], more: Partial<JobKind> = {}): JobKind {
  return { kind: "test", planVersion: 1, checkpoints: () => checkpoints, insteadOfUndo: () => "Do without.", ...more };
}

async function create(engine: MemoryEngine, kind: JobKind, parameters: Json = null): Promise<JobId> {
  return await createJob(engine, kind, { title: "test it", parameters, plan: null }, () => id);
}

async function statesOf({ journal }: MemoryEngine): Promise<readonly string[]> {
  const job = await journal.read(id);
  return [job?.state ?? "", ...(job?.checkpoints ?? []).map(({ state }) => state)];
}

test("runJob() runs checkpoints in order, gives each what those before it made, and keeps the last result", async () => {
  const engine = memoryEngine();
  const kind = kindOf([
    checkpoint("one", async () => ({ made: 1 })),
    checkpoint("two", async ({ results }) => [results.get("one") ?? null]),
    checkpoint("three", async () => null),
  ]);
  const { job } = await runJob(engine, kind, await create(engine, kind));
  assert.deepEqual(await statesOf(engine), ["done", "done", "done", "done"]);
  assert.deepEqual(job.result, [{ made: 1 }]);
  assert.deepEqual([job.owner, job.epoch], [null, 1]);
  assert.equal(engine.locks.isLocked(id), false);
  assert.equal(engine.clock.timerCount, 0);
});

test("runJob() runs again what was not done, with the cursor it kept, and nothing that was done", async () => {
  const engine = memoryEngine();
  const seen: Json[] = [];
  const kind = kindOf([
    checkpoint("one", async () => seen.push("one")),
    checkpoint("two", async ({ cursor, saveCursor }) => {
      seen.push(cursor);
      if (cursor !== null) return "made";
      await saveCursor({ at: 7 });
      throw new RangeError("not yet");
    }),
  ]);
  const failed = await runJob(engine, kind, await create(engine, kind));
  assert.ok(failed.error instanceof RangeError);
  assert.deepEqual(await statesOf(engine), ["failed", "done", "failed"]);
  assert.equal(failed.job.failure?.checkpoint, "two");
  const done = await runJob(engine, kind, id);
  assert.deepEqual([done.job.state, done.job.result, done.job.failure], ["done", "made", null]);
  assert.deepEqual(seen, ["one", null, { at: 7 }]);
});

test("runJob() heeds pause and cancel of others within two seconds, and keeps where it was", async () => {
  for (const [stop, state] of [
    ["pause", "paused"],
    ["cancel", "cancelled"],
  ] as const) {
    const engine = memoryEngine();
    const kind = kindOf([checkpoint("long", untilStopped), checkpoint("next", async () => null)]);
    const run = runJob(engine, kind, await create(engine, kind));
    await settle();
    await engine.journal.request(id, { stop }, engine.clock.nowMs());
    await engine.clock.pass(2000);
    assert.equal((await run).job.state, state);
    assert.deepEqual(await statesOf(engine), [state, "running", "pending"]);
    assert.equal((await run).wasInterrupted, false);
  }
});

test("runJob() is paused by the signal of its own process", async () => {
  const engine = memoryEngine();
  const kind = kindOf([checkpoint("long", untilStopped)]);
  const stop = new AbortController();
  const run = runJob(engine, kind, await create(engine, kind), { signal: stop.signal });
  await settle();
  stop.abort();
  const outcome = await run;
  assert.deepEqual([outcome.job.state, outcome.wasInterrupted], ["paused", true]);
});

test("runJob() is done, when it was told to stop in the last moment and all was done", async () => {
  const engine = memoryEngine();
  const kind = kindOf([
    checkpoint("deaf", async () => {
      await engine.journal.request(id, { stop: "pause" }, 1);
      await engine.clock.pass(1000);
      return "made";
    }),
  ]);
  const { job } = await runJob(engine, kind, await create(engine, kind));
  assert.deepEqual([job.state, job.result], ["done", "made"]);
});

test("runJob() tells a checkpoint the rate that others ask for: a number, none, or as it was started", async () => {
  const engine = memoryEngine();
  const seen: (number | undefined)[] = [];
  const kind = kindOf([
    checkpoint("read", async ({ rateBytesPerSecond }) => {
      seen.push(rateBytesPerSecond());
      for (const rate of [1000, null]) {
        await engine.journal.request(id, { rateBytesPerSecond: rate }, 1);
        await engine.clock.pass(2000);
        seen.push(rateBytesPerSecond());
      }
      return null;
    }),
  ]);
  await runJob(engine, kind, await create(engine, kind));
  assert.deepEqual(seen, [undefined, 1000, Infinity]);
});

test("runJob() ends a checkpoint at its time-out, also one that says it was stopped", async () => {
  const engine = memoryEngine();
  const kind = kindOf([checkpoint("hangs", untilStopped, { timeoutMs: 20 })]);
  const { job, error } = await runJob(engine, kind, await create(engine, kind));
  assert.ok(error instanceof TimedOutError);
  assert.deepEqual([job.state, job.failure?.code, job.failure?.checkpoint], ["failed", "TIMED_OUT", "hangs"]);
});

test("runJob() leaves a checkpoint that heeds nothing to itself, and lets nobody else at the job meanwhile", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const engine = memoryEngine();
  const deaf = Promise.withResolvers<Json>();
  let saved: unknown;
  const kind = kindOf([
    checkpoint(
      "deaf",
      async ({ saveCursor }) => {
        const result = await deaf.promise;
        saved = await saveCursor("after the end").catch((error: unknown) => error);
        return result;
      },
      { timeoutMs: 1000 },
    ),
  ]);
  const run = runJob(engine, kind, await create(engine, kind));
  await settle();
  t.mock.timers.tick(1000);
  await settle();
  t.mock.timers.tick(10_000);
  assert.equal((await run).job.failure?.code, "TIMED_OUT");
  await assert.rejects(runJob(engine, kind, id), JobBusyError);
  deaf.resolve(null);
  await settle();
  assert.ok(saved instanceof JobLostError);
  assert.equal((await engine.journal.read(id))?.checkpoints[0]?.cursor, null);
});

test("runJob() goes on after a failure where the kind wants it, and fails at the end with the first", async () => {
  const engine = memoryEngine();
  const fails = (name: string): Checkpoint =>
    checkpoint(name, async () => {
      throw new RangeError(name);
    });
  const kind = kindOf([fails("one"), checkpoint("two", async () => 2), fails("three")], {
    goesOnAfterFailure: () => true,
  });
  const { job } = await runJob(engine, kind, await create(engine, kind));
  assert.deepEqual(await statesOf(engine), ["failed", "failed", "done", "failed"]);
  assert.deepEqual([job.failure?.message, job.failure?.checkpoint], ["one", "one"]);
});

test("runJob() gives a job to one of two runners", async () => {
  const shared = { journal: new MemoryJournal(), clock: new HandClock(), locks: new Set<JobId>() };
  const first = memoryEngine({ ...shared, pid: 1 });
  const second = memoryEngine({ ...shared, pid: 2 });
  const ends = Promise.withResolvers<Json>();
  const kind = kindOf([checkpoint("long", () => ends.promise)]);
  const run = runJob(first, kind, await create(first, kind));
  await settle();
  await assert.rejects(
    runJob(second, kind, id),
    (error) => error instanceof JobBusyError && /process 1 /.test(error.message),
  );
  ends.resolve("made");
  assert.equal((await run).job.result, "made");
});

test("runJob() leaves a job to another host until its lease has run out; who slept past it writes nothing", async () => {
  const here = memoryEngine({ host: "here" });
  const { journal, clock } = here;
  const there = memoryEngine({ journal, clock, host: "there" });
  const wakes = Promise.withResolvers<void>();
  const kind = kindOf([
    checkpoint("slow", async (context) => {
      if (context.cursor !== null) return "made there";
      await wakes.promise;
      await context.saveCursor("made here");
      return "made here";
    }),
  ]);
  const run = runJob(here, kind, await create(here, kind));
  await settle();
  await journal.write(id, 1, { atMs: 1, checkpoint: { index: 0, cursor: "kept" } });
  clock.sleep(29_000);
  await assert.rejects(runJob(there, kind, id), JobBusyError);
  clock.sleep(1001);
  assert.equal((await runJob(there, kind, id)).job.result, "made there");
  const before = await journal.read(id);
  wakes.resolve();
  await assert.rejects(run, JobLostError);
  assert.deepEqual(await journal.read(id), before);
  assert.equal(here.evidence.size, 0);
});

test("runJob() renews its lease while it runs, and stops as soon as it sees that the job was taken", async () => {
  const engine = memoryEngine();
  const { journal, clock } = engine;
  const kind = kindOf([checkpoint("long", untilStopped)]);
  const run = runJob(engine, kind, await create(engine, kind));
  await settle();
  await clock.pass(120_000);
  const job = await journal.read(id);
  assert.ok((job?.leaseUntilMs ?? 0) - clock.nowMs() >= 15_000 - 500);
  await journal.claim(id, { epoch: 1, state: "running", owner: { host: "there", pid: 9 }, leaseUntilMs: 1, atMs: 1 });
  const rejected = assert.rejects(run, JobLostError);
  await clock.pass(1000);
  await rejected;
  assert.deepEqual((await journal.read(id))?.owner, { host: "there", pid: 9 });
});

test("runJob() refuses a plan that it does not know by name, and changes nothing", async () => {
  const engine = memoryEngine();
  const kind = kindOf([checkpoint("one", async () => null)]);
  await create(engine, kind);
  const before = await engine.journal.read(id);
  for (const other of [{ planVersion: 2 }, { kind: "other" }, { checkpoints: () => [] }])
    await assert.rejects(
      runJob(engine, { ...kind, ...other }, id),
      (error) => error instanceof JobUnknownError && /"test" of plan version 1/.test(error.message),
    );
  assert.deepEqual(await engine.journal.read(id), before);
  assert.equal(engine.locks.isLocked(id), false);
});

test("runJob() takes down what a dead owner held, the latest first, before it runs anything", async () => {
  const engine = memoryEngine();
  const seen: string[] = [];
  const kind = kindOf([checkpoint("one", async () => seen.push(...engine.tookDown))]);
  await create(engine, kind);
  for (const what of ["/a", "/b"]) await engine.journal.write(id, 0, { atMs: 1, hold: { kind: "mount", what } });
  await runJob(engine, kind, id);
  assert.deepEqual(seen, [`${id} mount /b`, `${id} mount /a`]);
  assert.deepEqual(await engine.journal.holdings(), []);
});

test("runJob() leaves evidence with plan, parameters, times, results and versions, whatever way it ends", async () => {
  const engine = memoryEngine();
  const kind = kindOf([
    checkpoint("one", async () => ({ image: "5f".repeat(32), warnings: ["odd"] })),
    checkpoint("two", async () => {
      throw new RangeError("broken");
    }),
  ]);
  await runJob(engine, kind, await create(engine, kind, { system: "/" }));
  const { job, ...rest } = engine.evidence.get(id) ?? assert.fail();
  assert.deepEqual(rest, {
    version: 1,
    versions: { rehome: "1.2.3" },
    host: "here",
    writtenAt: new Date(engine.clock.nowMs()).toISOString(),
  });
  assert.deepEqual([job.state, job.parameters, job.failure?.message], ["failed", { system: "/" }, "broken"]);
  assert.deepEqual(job.checkpoints[0]?.result, { image: "5f".repeat(32), warnings: ["odd"] });
  assert.ok(job.checkpoints.every(({ startedAtMs, endedAtMs }) => startedAtMs !== null && endedAtMs !== null));
  assert.ok(!("owner" in job) && !("request" in job));
});

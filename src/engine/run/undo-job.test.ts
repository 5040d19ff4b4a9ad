import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryEngine, type MemoryEngine } from "../../../test/support/memory-engine.ts";
import { UndoRefusedError } from "../errors.ts";
import type { Checkpoint, JobKind } from "../job-kind.ts";
import type { JobId, JobRecord, UndoWay } from "../job.ts";
import { createJob } from "./create-job.ts";
import { runJob } from "./run-job.ts";
import { pointOfNoReturn, undoJob } from "./undo-job.ts";

const id = "0a1b2c3d" as JobId;

/** A kind whose checkpoints note what is done with them, and fail where the test wants it. */
function noting(ways: Readonly<Record<string, UndoWay>>, notes: string[], fails: Set<string>): JobKind {
  const note = (what: string): void => {
    notes.push(what);
    if (fails.has(what)) throw new RangeError(what);
  };
  return {
    kind: "test",
    planVersion: 1,
    insteadOfUndo: ({ title }) => `Bear with ${title}.`,
    checkpoints: () =>
      Object.entries(ways).map(([name, undo]): Checkpoint => ({
        name,
        title: `Do ${name}`,
        weight: 1,
        undo,
        run: async () => {
          note(`run ${name}`);
          return `made ${name}`;
        },
        ...(undo !== "none" && {
          takeBack: async ({ results }) => note(`take back ${name}, ${JSON.stringify(results.get(name) ?? null)}`),
        }),
      })),
  };
}

async function start(engine: MemoryEngine, kind: JobKind): Promise<JobRecord> {
  await createJob(engine, kind, { title: "it", parameters: null, plan: null }, () => id);
  return (await runJob(engine, kind, id)).job;
}

test("undoJob() takes back what was begun, the last first, and nothing else", async () => {
  const engine = memoryEngine();
  const notes: string[] = [];
  const kind = noting({ one: "removes", two: "puts back", three: "removes" }, notes, new Set(["run two"]));
  const failed = await start(engine, kind);
  notes.length = 0;
  const { job } = await undoJob(engine, kind, failed);
  assert.deepEqual(notes, ["take back two, null", 'take back one, "made one"']);
  assert.deepEqual(
    [job.state, ...job.checkpoints.map(({ state }) => state)],
    ["undone", "undone", "undone", "pending"],
  );
  assert.equal(engine.evidence.get(id)?.job.state, "undone");
});

test("undoJob() refuses past the point of no return, with what can be done instead, and changes nothing", async () => {
  const engine = memoryEngine();
  const notes: string[] = [];
  const kind = noting({ one: "removes", two: "none", three: "removes" }, notes, new Set(["run two"]));
  const failed = await start(engine, kind);
  assert.equal(pointOfNoReturn(failed)?.name, "two");
  const before = await engine.journal.read(id);
  await assert.rejects(
    undoJob(engine, kind, failed),
    (error) => error instanceof UndoRefusedError && error.message.includes('"two"') && error.remedy === "Bear with it.",
  );
  assert.deepEqual(await engine.journal.read(id), before);
});

test("undoJob() that failed half-way is tried again; who goes forward instead runs it anew", async () => {
  for (const goesForward of [false, true]) {
    const engine = memoryEngine();
    const notes: string[] = [];
    const fails = new Set(['take back one, "made one"']);
    const kind = noting({ one: "removes", two: "removes" }, notes, fails);
    const done = await start(engine, kind);
    const broken = await undoJob(engine, kind, done);
    assert.deepEqual([broken.job.state, broken.job.failure?.checkpoint], ["failed", "one"]);
    fails.clear();
    notes.length = 0;
    if (goesForward) {
      assert.equal((await runJob(engine, kind, id)).job.state, "done");
      assert.deepEqual(notes, ["run one", "run two"]);
    } else {
      assert.equal((await undoJob(engine, kind, broken.job)).job.state, "undone");
      assert.deepEqual(notes, ['take back one, "made one"']);
    }
  }
});

test("undoJob() that is told to stop before it begins is gone on with later", async () => {
  const engine = memoryEngine();
  const notes: string[] = [];
  const kind = noting({ one: "removes" }, notes, new Set());
  const done = await start(engine, kind);
  const stopped = await undoJob(engine, kind, done, { signal: AbortSignal.abort() });
  assert.equal(stopped.wasInterrupted, true);
  const left = (await engine.journal.read(id)) ?? assert.fail();
  assert.equal(left.state, "undoing");
  assert.equal((await undoJob(engine, kind, left)).job.state, "undone");
});

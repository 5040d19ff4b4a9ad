import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryEngine } from "../../../test/support/memory-engine.ts";
import type { JobKind } from "../job-kind.ts";
import type { JobId } from "../job.ts";
import { createJob } from "./create-job.ts";
import { runJob } from "./run-job.ts";

const id = "0a1b2c3d" as JobId;
const dayMs = 24 * 60 * 60 * 1000;
const kind: JobKind = {
  kind: "test",
  planVersion: 1,
  checkpoints: () => [{ name: "one", title: "Do it", weight: 1, undo: "none", run: () => Promise.resolve(null) }],
  insteadOfUndo: () => "Do without.",
};

test("createJob() asks for another id, when one is taken", async () => {
  const engine = memoryEngine();
  const ids = ["0a1b2c3d", "0a1b2c3d", "ffffffff"] as JobId[];
  const order = { title: "it", parameters: null, plan: null };
  const made = [0, 1].map(() => createJob(engine, kind, order, () => ids.shift() ?? id));
  assert.deepEqual(await Promise.all(made), ["0a1b2c3d", "ffffffff"]);
});

test("createJob() forgets events after seven days, and jobs long after they ended, with their directories", async () => {
  const engine = memoryEngine();
  const { journal, clock } = engine;
  const another = (name: JobId): Promise<JobId> =>
    createJob(engine, kind, { title: name, parameters: null, plan: null }, () => name);
  await runJob(engine, kind, await another(id));
  clock.sleep(8 * dayMs);
  await another("bbbbbbbb" as JobId);
  assert.deepEqual(await journal.events(id, 0, 100), []);
  assert.equal((await journal.read(id))?.state, "done");
  clock.sleep(23 * dayMs);
  await another("cccccccc" as JobId);
  assert.equal(await journal.read(id), undefined);
  assert.deepEqual(engine.removed, [id]);
  // It has not ended, however old it is.
  assert.equal((await journal.read("bbbbbbbb" as JobId))?.state, "queued");
});

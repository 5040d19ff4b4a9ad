import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryEngine } from "../../../test/support/memory-engine.ts";
import type { Checkpoint, CheckpointContext, JobKind } from "../job-kind.ts";
import type { JobId, Json } from "../job.ts";
import { createJob } from "./create-job.ts";
import { runJob } from "./run-job.ts";

const id = "0a1b2c3d" as JobId;

function checkpoint(name: string, run: (context: CheckpointContext) => Promise<Json>): Checkpoint {
  return { name, title: `Do ${name}`, weight: 1, undo: "none", run };
}

test("what checkpoints keep for each other is disposed of when the run ends, done or failed", async () => {
  for (const isFailing of [false, true]) {
    const engine = memoryEngine();
    const seen: string[] = [];
    const holding = { kind: "mount", what: "/one" };
    const checkpoints = [
      checkpoint("one", async ({ hold, keep, release }) => {
        await hold(holding);
        keep({
          async [Symbol.asyncDispose]() {
            await release(holding);
            seen.push("released");
          },
        });
        return null;
      }),
      checkpoint("two", async () => {
        seen.push("two");
        if (isFailing) throw new RangeError("not yet");
        return null;
      }),
    ];
    const kind: JobKind = { kind: "test", planVersion: 1, checkpoints: () => checkpoints, insteadOfUndo: () => "" };
    await createJob(engine, kind, { title: "test it", parameters: null, plan: null }, () => id);
    const { job } = await runJob(engine, kind, id);
    assert.equal(job.state, isFailing ? "failed" : "done");
    assert.deepEqual(seen, ["two", "released"]);
    assert.deepEqual(await engine.journal.holdings(), []);
  }
});

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { CheckpointContext } from "../../../../engine/job-kind.ts";
import type { JobId, Json } from "../../../../engine/job.ts";
import { bootId } from "../../../../host/process-probe.ts";
import { testPlace } from "../../../../../test/support/place.ts";
import { SessionOfJob } from "./session-of-job.ts";
import { thenCheckpoints, thenStatusOf } from "./then-checkpoint.ts";

/** What a checkpoint does that runs a command, as a run before has left its cursor. */
async function runFrom(context: TestContext, cursor: Json, line: (file: string) => string) {
  const { directory, paths } = testPlace(context);
  const file = join(directory, "ran");
  const lines: string[] = [];
  const saved: Json[] = [];
  const stop = new AbortController();
  const given: CheckpointContext = {
    job: "00000000" as JobId,
    directory,
    cursor,
    saveCursor: (kept) => Promise.resolve(void saved.push(kept)),
    results: new Map(),
    onProgress: () => undefined,
    log: (text) => void lines.push(text),
    hold: () => Promise.resolve(),
    release: () => Promise.resolve(),
    keep: () => undefined,
    signal: stop.signal,
    rateBytesPerSecond: () => undefined,
  };
  const session = new SessionOfJob({ session: "lab1" }, paths, {});
  const [checkpoint] = thenCheckpoints({ kind: "command", line: line(file) }, session, () => "/copy");
  assert.ok(checkpoint !== undefined);
  const result = checkpoint.run(given);
  return { result, lines, saved, stop, ran: () => (existsSync(file) ? readFileSync(file, "utf8") : undefined) };
}

const writing = (file: string): string => `echo "$REHOME_TARGET" >> ${file}; exit 3`;

test("thenCheckpoints() notes under which start of the kernel a command runs", async (context) => {
  const { result, saved, ran } = await runFrom(context, null, writing);
  assert.deepEqual(await result, { thenStatus: 3 });
  assert.deepEqual(saved, [{ begunIn: bootId() }]);
  assert.equal(ran(), "/copy\n");
});

test("thenCheckpoints() runs a command again that a kill may have hit", async (context) => {
  const { result, ran } = await runFrom(context, { begunIn: bootId() }, writing);
  assert.deepEqual(await result, { thenStatus: 3 });
  assert.equal(ran(), "/copy\n");
});

test("thenCheckpoints() runs nothing again once the computer was started anew", async (context) => {
  const { result, ran, lines } = await runFrom(context, { begunIn: "another start" }, writing);
  assert.deepEqual(await result, { thenStatus: 0 });
  assert.equal(ran(), undefined);
  assert.match(lines.join("\n"), /not done again/);
});

test("thenCheckpoints() ends a command when the job is to stop", async (context) => {
  const { result, stop } = await runFrom(context, null, () => "sleep 600");
  stop.abort();
  await assert.rejects(result, { code: "INTERRUPTED" });
});

test("thenCheckpoints() has nothing to do for who stays", (context) => {
  const session = new SessionOfJob({ session: "lab1" }, testPlace(context).paths, {});
  assert.deepEqual(
    thenCheckpoints({ kind: "stay" }, session, () => ""),
    [],
  );
  assert.equal(thenStatusOf([{ name: "join", result: null }]), 0);
});

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { JobBusyError } from "../../src/engine/errors.ts";
import type { JobEvent } from "../../src/engine/journal/journal.ts";
import {
  changeRateOf,
  checkStore,
  diffTree,
  listImages,
  listJobs,
  readJobEvents,
  restore,
  resumeJob,
  showJob,
  stopJob,
  undoJobOf,
  captureAsJob,
  type ListedJob,
  type Paths,
} from "../../src/index.ts";
import { ChildEndedError, LibraryProcess } from "../support/library-process.ts";
import { memoryDirectory } from "../support/memory-directory.ts";
import { pathsIn } from "../support/place.ts";
import { randomNumbers, testSeed, testTimes } from "../support/seed.ts";
import { asRoot } from "../support/temporary-directory.ts";

const kills = 6 * testTimes;
const fileBytes = 64 * 1024;

/** A host of its own with a tree of some MiB, different each time. */
function makeScene(t: TestContext, random: () => number): { readonly paths: Paths; readonly tree: string } {
  const place = memoryDirectory(t);
  const tree = join(place, "tree");
  for (let directory = 0; directory < 8; directory++) {
    mkdirSync(join(tree, `${directory}`), { recursive: true });
    for (let file = 0; file < 12; file++) {
      const words = Uint32Array.from({ length: fileBytes / 4 }, () => random() * 2 ** 32);
      writeFileSync(join(tree, `${directory}/${file}`), words);
    }
  }
  return { paths: pathsIn(place), tree };
}

async function assertEquals(image: string, directory: string, paths: Paths): Promise<void> {
  assert.deepEqual(await Array.fromAsync(diffTree(image, directory, { paths })), []);
}

/** The one job that is in a state, as soon as there is one. */
async function jobIn(paths: Paths, state: string): Promise<ListedJob> {
  for (;;) {
    const job = (await listJobs({ paths })).find((each) => each.state === state);
    if (job) return job;
    await wait(20);
  }
}

test("jobs that are killed at any moment are interrupted at once, and resumed or undone", asRoot, async (t) => {
  t.diagnostic(`REHOME_TEST_SEED=${testSeed}`);
  const random = randomNumbers(testSeed);
  const outcomes = new Map<string, number>();
  for (let round = 0; round < kills; round++)
    for (const what of ["capture", "restore"] as const) {
      const { paths, tree } = makeScene(t, random);
      const target = join(tree, "../target");
      if (what === "restore") await captureAsJob(`${tree}/`, { paths, name: "web" });
      const [isUndone, afterMs] = [random() < 0.5, random() * 900];
      {
        await using child = await LibraryProcess.start();
        const ended =
          what === "capture"
            ? child.call("captureAsJob", `${tree}/`, { paths, name: "web" })
            : child.call("restoreAsJob", "web", target, { paths });
        const settled = ended.then(
          () => "ended",
          (error: unknown) => (error instanceof ChildEndedError ? "killed" : assert.fail(String(error))),
        );
        await wait(afterMs);
        child.signal("SIGKILL");
        await settled;
      }
      const job = (await listJobs({ paths, kinds: [what] })).at(0);
      const how = `${what} ${job?.state ?? "not begun"}, ${isUndone ? "undone" : "resumed"}`;
      outcomes.set(how, (outcomes.get(how) ?? 0) + 1);
      if (job === undefined) continue;
      assert.ok(["queued", "interrupted", "done"].includes(job.state), job.state);
      if (isUndone && job.state !== "queued") {
        assert.equal((await undoJobOf(job.id, { paths })).state, "undone");
        const names = await listImages({ paths }).catch(() => []);
        assert.equal(names.length, what === "capture" ? 0 : 1);
        await assert.rejects(restore("web", target, { paths, path: "nothing/there" }));
      } else {
        if (job.state !== "done") assert.equal((await resumeJob(job.id, { paths })).state, "done");
        assert.deepEqual(
          (await listImages({ paths })).map(({ name, tag }) => `${name}:${tag}`),
          ["web:1"],
        );
        await assertEquals("web", what === "capture" ? tree : target, paths);
      }
      if ((await listImages({ paths }).catch(() => [])).length > 0)
        assert.deepEqual((await checkStore({ paths })).damages, []);
    }
  for (const [how, times] of outcomes) t.diagnostic(`${times} times: ${how}`);
});

test("a job whose process is stopped is left to it, and ends once it goes on", asRoot, async (t) => {
  const { paths, tree } = makeScene(t, randomNumbers(1));
  await using child = await LibraryProcess.start("capture.synced");
  const ended = child.call("captureAsJob", `${tree}/`, { paths, name: "web", rateBytesPerSecond: 50_000 });
  await child.stopped();
  const job = await jobIn(paths, "running");
  await assert.rejects(resumeJob(job.id, { paths }), JobBusyError);
  await assert.rejects(undoJobOf(job.id, { paths }), JobBusyError);
  await assert.rejects(stopJob(job.id, "pause", { paths, patienceMs: 300 }), { code: "TIMED_OUT" });
  child.signal("SIGCONT");
  // What was asked for while it slept is heeded as soon as it wakes.
  await assert.rejects(ended, { code: "JOB_PAUSED" });
  await changeRateOf(job.id, null, { paths });
  assert.equal((await resumeJob(job.id, { paths })).state, "done");
  await assertEquals("web", tree, paths);
});

const heededWithinMs = 2000;

/** How long after the request it was that the owner did something about it, both as the journal has them. */
function delayOf(events: readonly JobEvent[], isAnswer: (event: JobEvent) => boolean): number {
  const asked = events.findLast(({ kind }) => kind === "request") ?? assert.fail("no request");
  const answer = events.find((event) => event.number > asked.number && isAnswer(event)) ?? assert.fail("no answer");
  return answer.atMs - asked.atMs;
}

test("rate, pause and cancel reach a capture in another process within two seconds", asRoot, async (t) => {
  const { paths, tree } = makeScene(t, randomNumbers(2));
  await using child = await LibraryProcess.start();
  const slow = child.call("captureAsJob", `${tree}/`, { paths, name: "web", rateBytesPerSecond: 50_000 });
  const paused = assert.rejects(slow, { code: "JOB_PAUSED" });
  const { id } = await jobIn(paths, "running");
  const stateIs = (state: string) => (event: JobEvent) =>
    event.kind === "state" && (event.facts as { readonly state: string }).state === state;
  const delays: Record<string, number> = {};

  await changeRateOf(id, 60_000, { paths });
  await wait(heededWithinMs + 500);
  delays["rate"] = delayOf(await readJobEvents(id, 0, { paths }), ({ kind }) => kind === "rate");

  assert.equal((await stopJob(id, "pause", { paths })).state, "paused");
  await paused;
  delays["pausing"] = delayOf(await readJobEvents(id, 0, { paths }), stateIs("pausing"));
  delays["paused"] = delayOf(await readJobEvents(id, 0, { paths }), stateIs("paused"));

  const cancelled = assert.rejects(child.call("resumeJob", id, { paths }), { code: "JOB_CANCELLED" });
  await jobIn(paths, "running");
  assert.equal((await stopJob(id, "cancel", { paths })).state, "cancelled");
  await cancelled;
  delays["cancelled"] = delayOf(await readJobEvents(id, 0, { paths }), stateIs("cancelled"));

  t.diagnostic(JSON.stringify(delays));
  for (const [what, delayMs] of Object.entries(delays)) assert.ok(delayMs <= heededWithinMs, `${what}: ${delayMs} ms`);
  assert.equal((await showJob(id, { paths })).state, "cancelled");
});

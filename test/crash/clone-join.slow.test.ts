import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  checkStore,
  diffTree,
  findLeftovers,
  listImages,
  listJobs,
  resumeJob,
  undoJobOf,
  type Paths,
} from "../../src/index.ts";
import { startGoldenNode } from "../support/golden-node.ts";
import { ChildEndedError, LibraryProcess } from "../support/library-process.ts";
import { testPlace } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

/** A golden node, and a host that has nothing yet. */
async function makeLab(context: TestContext) {
  const golden = await startGoldenNode(context, (tree) => {
    mkdirSync(join(tree, "a"));
    for (let at = 0; at < 20; at++) writeFileSync(join(tree, "a", `${at}`), randomBytes(300_000));
  });
  const { directory, paths } = testPlace(context, "/dev/shm");
  return { golden, paths, target: join(directory, "copies", "web"), options: { ...golden.join, paths } };
}

/** Joins in a process that is killed at a crash point. */
async function dieAt(point: string, begin: (child: LibraryProcess) => Promise<unknown>): Promise<void> {
  await using child = await LibraryProcess.start(point);
  const ended = assert.rejects(begin(child), ChildEndedError);
  await child.stopped();
  child.signal("SIGKILL");
  await ended;
}

async function onlyJob(paths: Paths) {
  const [job, ...more] = await listJobs({ paths });
  assert.deepEqual(more, []);
  assert.ok(job?.state === "interrupted");
  return job;
}

async function assertTidy({ stateDirectory, ...paths }: Paths): Promise<void> {
  const notes = join(stateDirectory, "clone-nodes");
  assert.deepEqual(existsSync(notes) ? readdirSync(notes) : [], []);
  assert.deepEqual((await findLeftovers({ paths: { ...paths, stateDirectory } })).jobs, []);
}

for (const point of ["restore.staged", "restore.written", "restore.verified", "clone.received", "restore.published"])
  test(`a join into a directory that is killed at ${point} is resumed`, asRoot, async (context) => {
    const { golden, paths, target, options } = await makeLab(context);
    await dieAt(point, (child) => child.call("cloneJoinAsJob", target, options));
    const { id } = await onlyJob(paths);
    await golden.fresh();
    assert.equal((await resumeJob(id, { paths })).state, "done");
    assert.deepEqual(snapshotTree(target), snapshotTree(golden.tree));
    assert.deepEqual(readdirSync(dirname(target)), ["web"]);
    await assertTidy(paths);
  });

test("a join into a directory that was killed is undone, and nothing is left of it", asRoot, async (context) => {
  const { paths, target, options } = await makeLab(context);
  await dieAt("restore.written", (child) => child.call("cloneJoinAsJob", target, options));
  const { id } = await onlyJob(paths);
  assert.equal((await undoJobOf(id, { paths })).state, "undone");
  assert.equal(existsSync(target), false);
  await assertTidy(paths);
});

for (const point of ["clone.naming", "clone.received", "job.ending"])
  test(`a join into a store that is killed at ${point} is resumed`, asRoot, async (context) => {
    const { golden, paths, options } = await makeLab(context);
    await dieAt(point, (child) => child.call("cloneJoinStoreAsJob", options));
    const { id } = await onlyJob(paths);
    await golden.fresh();
    assert.equal((await resumeJob(id, { paths })).state, "done");
    const names = (await listImages({ paths })).map(({ name, tag }) => `${name}:${tag}`);
    assert.deepEqual(names, ["web:1"]);
    assert.deepEqual((await checkStore({ paths })).damages, []);
    assert.deepEqual(await Array.fromAsync(diffTree("web", golden.tree, { paths })), []);
    await assertTidy(paths);
  });

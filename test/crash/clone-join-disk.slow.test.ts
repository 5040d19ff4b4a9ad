import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ensurePrivateMounts } from "../../src/host/disk/private-mounts.ts";
import {
  cloneJoinDiskAsJob,
  findLeftovers,
  listJobs,
  removeLeftovers,
  resumeJob,
  undoJobOf,
  type CloneJoinDiskJobOptions,
  type Paths,
} from "../../src/index.ts";
import { smallTree } from "../support/built-disk.ts";
import { startGoldenNode } from "../support/golden-node.ts";
import { ChildEndedError, LibraryProcess } from "../support/library-process.ts";
import { loopDevice } from "../support/loop-device.ts";
import { testPlace } from "../support/place.ts";
import { run } from "../support/run.ts";
import { asRoot } from "../support/temporary-directory.ts";

// Other tests make namespaces while these have disks mounted, and would keep them.
ensurePrivateMounts();

const layout = `version: 1
disks:
  - name: sda
    table: gpt
    partitions:
      - {type: bios-boot, size: 1MiB}
      - {size: fill, fileSystem: ext4, mount: /}
`;

/** A golden node, and a host with a disk that holds something. */
async function makeLab(context: TestContext) {
  const golden = await startGoldenNode(context, (tree) => cpSync(smallTree(context), tree, { recursive: true }), {
    settings: { nodes: 1, giveUpMs: 5000 },
    disks: { layout: { file: "lab.yaml", text: layout } },
  });
  const { directory, paths } = testPlace(context, "/dev/shm");
  const file = join(directory, "node.disk");
  const device = loopDevice(context, file, 200 * 2 ** 20);
  run("mkfs.ext4", "-q", device);
  const options: CloneJoinDiskJobOptions = { ...golden.join, paths, disks: [device], mayErase: [device] };
  return { golden, paths, device, options };
}

/** Joins in a process that dies at a crash point. */
async function dieAt(point: string, options: CloneJoinDiskJobOptions): Promise<void> {
  await using child = await LibraryProcess.start(point);
  const ended = assert.rejects(child.call("cloneJoinDiskAsJob", options), ChildEndedError);
  await child.stopped();
  child.signal("SIGKILL");
  await ended;
}

function tidyIn({ stateDirectory }: Paths): void {
  const left = readdirSync(join(stateDirectory, "clone-nodes")).filter((name) => !name.endsWith(".lock"));
  assert.deepEqual(left, []);
  assert.doesNotMatch(readFileSync("/proc/self/mountinfo", "utf8"), /clone-nodes/);
}

/** The disk's number in its partition table; undefined where there is none. */
function diskIdOf(device: string): string | undefined {
  const { stdout } = spawnSync("sfdisk", ["--disk-id", device], { encoding: "utf8" });
  return stdout.trim() === "" ? undefined : stdout.trim();
}

for (const point of ["clone.disk-begun", "clone.disk-make-file-systems", "clone.disk-restore", "clone.disk-sync"])
  test(`the job of a join onto a disk that is killed at ${point} is resumed`, asRoot, async (context) => {
    const { golden, paths, device, options } = await makeLab(context);
    await dieAt(point, options);
    const [job, ...more] = await listJobs({ paths });
    assert.equal(job?.state, "interrupted");
    assert.deepEqual(more, []);
    const id = diskIdOf(device);
    await assert.rejects(undoJobOf(job.id, { paths }), { code: "UNDO_REFUSED" });
    await golden.fresh();
    assert.equal((await resumeJob(job.id, { paths })).state, "done");
    // The disk was not begun anew.
    if (id !== undefined) assert.equal(diskIdOf(device), id);
    tidyIn(paths);
  });

for (const isOver of [false, true])
  test(`a finished disk is not written again, its session ${isOver ? "over" : "going on"}`, asRoot, async (context) => {
    const { golden, paths, device, options } = await makeLab(context);
    const tokenFile = join(paths.stateDirectory, "..", "own.token");
    writeFileSync(tokenFile, readFileSync(golden.join.tokenFile));
    await dieAt("clone.received", { ...options, tokenFile });
    const [job] = await listJobs({ paths });
    assert.ok(job !== undefined);
    const id = diskIdOf(device);
    if (isOver) await golden.fresh();
    assert.equal((await resumeJob(job.id, { paths })).state, "done");
    assert.equal(diskIdOf(device), id);
    tidyIn(paths);
  });

test(
  "what a killed join has mounted is found and taken down, and the same command needs no leave any more",
  asRoot,
  async (context) => {
    const { golden, paths, device, options } = await makeLab(context);
    await dieAt("restore.written", options);
    const leftovers = await findLeftovers({ paths });
    const [held] = leftovers.jobs;
    assert.deepEqual(new Set(held?.holdings.map(({ kind }) => kind)), new Set(["directory", "loop-device", "mount"]));
    assert.match(readFileSync("/proc/self/mountinfo", "utf8"), /clone-nodes/);
    assert.deepEqual(await removeLeftovers(leftovers, { paths }), []);
    assert.doesNotMatch(readFileSync("/proc/self/mountinfo", "utf8"), /clone-nodes/);
    assert.equal(run("losetup", "--associated", device).trim(), "");
    await golden.fresh();
    const { resumed } = await cloneJoinDiskAsJob({ ...options, mayErase: [] });
    assert.ok(resumed);
    assert.deepEqual(
      (await listJobs({ paths })).map(({ state }) => state),
      ["done"],
    );
    tidyIn(paths);
  },
);

test("a disk that holds something is refused before there is a job", asRoot, async (context) => {
  const { paths, options } = await makeLab(context);
  await assert.rejects(cloneJoinDiskAsJob({ ...options, mayErase: [] }), { code: "DEVICE_REFUSED" });
  assert.deepEqual(await listJobs({ paths }), []);
});

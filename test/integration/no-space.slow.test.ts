import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  capture,
  checkStore,
  exitStatusOfError,
  listImages,
  pruneStore,
  RehomeError,
  restore,
  type CaptureResult,
} from "../../src/index.ts";
import { describeFailure } from "../../src/cli/failure/describe-failure.ts";
import { loopMount, memoryMount } from "../support/file-systems.ts";
import { testPlace, type Place } from "../support/place.ts";
import { run } from "../support/run.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

interface Ground {
  readonly place: Place;
  readonly tree: string;
}

/** A tree of many small files, which take more room than their bytes. */
async function ground(context: TestContext): Promise<Ground> {
  const place = testPlace(context);
  const tree = join(place.directory, "tree");
  for (let folder = 0; folder < 5; folder++) {
    mkdirSync(join(tree, `dir-${folder}`), { recursive: true });
    for (let number = 0; number < 80; number++)
      writeFileSync(join(tree, `dir-${folder}`, `file-${number}`), `${folder} ${number}`.repeat(50));
  }
  await capture(tree, { paths: place.paths, name: "tree" });
  return { place, tree };
}

/** What a person is told of a failure: that there is no room, and what to do. */
async function failureOf(work: Promise<unknown>): Promise<ReturnType<typeof describeFailure>> {
  try {
    await work;
  } catch (error) {
    return describeFailure(error);
  }
  return assert.fail("it did not fail");
}

function assertSaysNoSpace(failure: ReturnType<typeof describeFailure>): void {
  assert.equal(failure.code, "NO_SPACE", failure.message);
  assert.equal(failure.status, exitStatusOfError.NO_SPACE);
  assert.match(failure.remedy, /[Ff]ree room/);
}

test("restore() onto a full file system says so, and goes on when there is room", asRoot, async (context) => {
  const { place, tree } = await ground(context);
  for (const [what, options, more] of [
    ["blocks", "size=900k", "size=64m"],
    ["inodes", "size=64m,nr_inodes=150", "nr_inodes=10k"],
  ] as const) {
    const memory = memoryMount(context, options);
    const target = join(memory, "target");
    assertSaysNoSpace(await failureOf(restore("tree", target, { paths: place.paths })));
    assert.deepEqual(
      readdirSync(memory).filter((name) => !name.startsWith(".target.rehome-")),
      [],
      `${what}: nothing was published`,
    );
    assertSaysNoSpace(await failureOf(restore("tree", target, { paths: place.paths })));
    run("mount", "-o", `remount,${more}`, memory);
    const { resumed } = await restore("tree", target, { paths: place.paths, verify: true });
    assert.equal(resumed, true, what);
    assert.deepEqual(snapshotTree(target), snapshotTree(tree), what);
  }
});

test("restore() refuses a target that is clearly too small before it writes anything", asRoot, async (context) => {
  const { place, tree } = await ground(context);
  writeFileSync(join(tree, "large"), Buffer.alloc(4 * 1024 * 1024, "large"));
  await capture(tree, { paths: place.paths, name: "tree" });
  const memory = memoryMount(context, "size=2m");
  await assert.rejects(restore("tree", join(memory, "target"), { paths: place.paths }), { code: "TARGET_UNSUITABLE" });
  assert.deepEqual(readdirSync(memory), []);
});

test(
  "restore() into an existing directory that runs full loses nothing that was there, and goes on",
  asRoot,
  async (context) => {
    const { place, tree } = await ground(context);
    const memory = memoryMount(context, "size=900k");
    const target = join(memory, "target");
    mkdirSync(join(target, "mine"), { recursive: true });
    writeFileSync(join(target, "mine", "file"), "mine");
    const converge = { paths: place.paths, intoExisting: true, backup: false } as const;
    assertSaysNoSpace(await failureOf(restore("tree", target, converge)));
    assert.deepEqual(readdirSync(join(target, "mine")), ["file"]);
    run("mount", "-o", "remount,size=64m", memory);
    await restore("tree", target, { ...converge, delete: true, verify: true });
    assert.deepEqual(snapshotTree(target), snapshotTree(tree));
  },
);

test(
  "capture() into a full store says so, harms nothing in it, and goes on when there is room",
  asRoot,
  async (context) => {
    const { place, tree } = await ground(context);
    const memory = memoryMount(context, "size=300k");
    const paths = { ...place.paths, store: join(memory, "store") };
    const take = (): Promise<CaptureResult> => capture(tree, { paths, name: "tree" });
    await take();
    for (let number = 0; number < 40; number++)
      run("sh", "-c", `head -c 20000 /dev/urandom > ${join(tree, `noise-${number}`)}`);
    assertSaysNoSpace(await failureOf(take()));
    assert.deepEqual(
      (await listImages({ paths })).map(({ tag }) => tag),
      ["1"],
    );
    run("mount", "-o", "remount,size=64m", memory);
    assert.deepEqual((await checkStore({ paths })).damages, []);
    const second = await take();
    assert.equal(second.name.tag, "2");
    assert.deepEqual((await checkStore({ paths })).damages, []);
    await pruneStore({ paths });
    await restore("tree", join(memory, "copy"), { paths, verify: true });
  },
);

test("restore() onto a read-only file system says so and changes nothing", asRoot, async (context) => {
  const { place } = await ground(context);
  const mounted = loopMount(context, 32);
  mkdirSync(join(mounted, "existing"));
  run("mount", "-o", "remount,ro", mounted);
  for (const options of [{}, { intoExisting: true, backup: false }]) {
    const target = join(mounted, "intoExisting" in options ? "existing" : "new");
    const failure = await failureOf(restore("tree", target, { paths: place.paths, ...options }));
    assert.equal(failure.code, "NOT_PERMITTED", failure.message);
    assert.match(`${failure.message} ${failure.remedy}`, /read-only|EROFS/i);
  }
  const failure = await failureOf(restore("tree", mounted, { paths: place.paths }));
  assert.ok(["NOT_PERMITTED", "TARGET_UNSUITABLE"].includes(failure.code), failure.message);
});

test("capture() into a store that may not be written says so", asRoot, async (context) => {
  const { place, tree } = await ground(context);
  const mounted = loopMount(context, 32);
  const paths = { ...place.paths, store: join(mounted, "store") };
  await capture(tree, { paths, name: "tree" });
  run("mount", "-o", "remount,ro", mounted);
  const failure = await failureOf(capture(tree, { paths, name: "tree" }));
  assert.equal(failure.code, "NOT_PERMITTED", failure.message);
  // What is in it can still be read.
  await restore("tree", join(place.directory, "copy"), { paths, verify: true });
  assert.deepEqual(snapshotTree(join(place.directory, "copy")), snapshotTree(tree));
  rmSync(join(place.directory, "copy"), { recursive: true });
});

test("capture() whose caches have no room says so, or does without them", asRoot, async (context) => {
  const { place, tree } = await ground(context);
  const memory = memoryMount(context, "size=16k");
  const paths = { ...place.paths, stateDirectory: join(memory, "state"), store: place.paths.store };
  await capture(tree, { paths, name: "tree" }).catch((error: unknown) => {
    const { code, message } = describeFailure(error);
    assert.ok(error instanceof RehomeError || code === "NO_SPACE", `${code}: ${message}`);
  });
  assert.deepEqual((await checkStore({ paths: place.paths })).damages, []);
});

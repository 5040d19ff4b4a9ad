import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { capture, checkStore, diffTree, restore, verifyImage, type CaptureResult } from "../../src/index.ts";
import { loopFileSystem, loopMount, memoryMount } from "../support/file-systems.ts";
import { assertEqualTrees, makeTortureTree } from "../support/lab.ts";
import { testPlace, type Place } from "../support/place.ts";
import { asRoot } from "../support/temporary-directory.ts";

interface Torture {
  readonly place: Place;
  readonly source: string;
  readonly first: CaptureResult;
}

async function captureTorture(context: TestContext, directory: string): Promise<Torture> {
  const place = testPlace(context);
  const source = join(directory, "source");
  makeTortureTree(source);
  const first = await capture(source, { paths: place.paths, name: "torture" });
  assert.deepEqual(first.manifest.tail.warnings, []);
  return { place, source, first };
}

/** Restores, compares with the strict comparison and with our own, and captures the copy: it must have the same digest. */
async function assertRestores({ place, source, first }: Torture, target: string, image = "torture"): Promise<void> {
  const { paths } = place;
  const result = await restore(image, target, { paths, verify: true });
  assert.deepEqual(result.losses, []);
  assert.deepEqual(result.verified?.differences, []);
  assertEqualTrees(source, target);
  const copy = await capture(target, { paths, name: "copy" });
  assert.equal(copy.manifest.tail.tree.digest, first.manifest.tail.tree.digest);
  assert.equal(copy.name.newBytes, 0, "an equal tree adds nothing to the store");
}

async function assertStoreIsSound({ paths }: Place): Promise<void> {
  const check = await checkStore({ paths });
  assert.deepEqual([check.damages, check.notes, check.hurtImages], [[], [], []]);
  assert.deepEqual((await verifyImage("torture", { paths })).damaged, []);
}

test("restore() gives back the torture tree from ext4 on ext4", asRoot, async (context) => {
  const torture = await captureTorture(context, loopFileSystem(context));
  await assertRestores(torture, join(loopFileSystem(context), "copy"));
  await assertStoreIsSound(torture.place);
});

test("restore() gives back the torture tree in place, on a mount point", asRoot, async (context) => {
  const torture = await captureTorture(context, loopFileSystem(context));
  const target = loopMount(context);
  const result = await restore("torture", target, { paths: torture.place.paths, verify: true });
  assert.deepEqual([result.losses, result.verified?.differences], [[], []]);
  const differences = await Array.fromAsync(diffTree("torture", target, { paths: torture.place.paths }));
  assert.deepEqual(differences, [{ path: "lost+found", change: "added", aspects: [] }]);
});

test("restore() gives back the torture tree from tmpfs on tmpfs and on ext4", asRoot, async (context) => {
  const memory = memoryMount(context, "size=512m");
  const torture = await captureTorture(context, memory);
  mkdirSync(join(memory, "target"));
  await assertRestores(torture, join(memory, "target", "copy"));
  await assertRestores(torture, join(loopFileSystem(context), "copy"));
  await assertStoreIsSound(torture.place);
});

test("capture() of the torture tree with its cache gives the same image as without", asRoot, async (context) => {
  const file = loopFileSystem(context);
  const torture = await captureTorture(context, file);
  const { paths } = torture.place;
  const digest = torture.first.manifest.tail.tree.digest;
  // What changed less than two seconds before a capture is not trusted: wait until everything is older.
  await new Promise((resolve) => void setTimeout(resolve, 2100));
  await capture(torture.source, { paths, name: "torture" });
  const cached = await capture(torture.source, { paths, name: "torture" });
  assert.equal(cached.unchangedFiles, torture.first.name.files, "every file was taken from the cache");
  assert.equal(cached.manifest.tail.tree.digest, digest);
  assert.deepEqual(cached.manifest.tail.counts, torture.first.manifest.tail.counts);
  const rehashed = await capture(torture.source, { paths, name: "torture", rehash: true });
  assert.equal(rehashed.unchangedFiles, 0);
  assert.equal(rehashed.manifest.tail.tree.digest, digest);
  await assertRestores(torture, join(file, "copy"), "torture:3");
  await assertStoreIsSound(torture.place);
});

test("restore() gives back the torture tree on xfs and btrfs, or says what it lost", asRoot, async (context) => {
  const torture = await captureTorture(context, loopFileSystem(context));
  const { paths } = torture.place;
  for (const tool of [
    ["mkfs.xfs", "-q"],
    ["mkfs.btrfs", "-q"],
  ]) {
    const target = join(loopFileSystem(context, 512, tool), "copy");
    const { losses } = await restore("torture", target, { paths });
    const lossy = new Set(losses.map(({ path }) => path));
    for await (const { path, change, aspects } of diffTree("torture", target, { paths }))
      assert.ok(lossy.has(path), `${tool[0]}: ${path} ${change} ${aspects.join(" ")} is not listed as lost`);
  }
});

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import * as fc from "fast-check";
import { capture, diffImages, diffTree, restore, verifyImage } from "../../src/index.ts";
import { loopFileSystem } from "../support/file-systems.ts";
import { testPlace } from "../support/place.ts";
import { holds } from "../support/properties.ts";
import { makeRandomTree, randomTrees, type RandomNode } from "../support/random-tree.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot, removeTree } from "../support/temporary-directory.ts";

async function holdsForTrees(
  context: TestContext,
  runs: number,
  check: (
    tree: RandomNode,
    place: string,
    paths: ReturnType<typeof testPlace>["paths"],
    image: string,
  ) => Promise<void>,
): Promise<void> {
  const ground = loopFileSystem(context, 512);
  const { paths } = testPlace(context);
  let number = 0;
  await holds(
    context,
    fc.asyncProperty(randomTrees, async (tree) => {
      const image = `tree-${++number}`;
      const place = join(ground, image);
      mkdirSync(place);
      makeRandomTree(join(place, "source"), tree);
      await check(tree, place, paths, image);
      removeTree(place);
    }),
    runs,
  );
}

test("restore() gives back random trees exactly, and diffTree() and the digest agree", asRoot, async (context) => {
  await holdsForTrees(context, 15, async (_tree, place, paths, image) => {
    const [source, copy] = [join(place, "source"), join(place, "copy")];
    const before = snapshotTree(source);
    const first = await capture(source, { paths, name: image });
    assert.deepEqual(first.manifest.tail.warnings, []);
    assert.equal(first.name.entries, before.length);
    assert.deepEqual((await verifyImage(image, { paths })).damaged, []);
    const { losses } = await restore(image, copy, { paths });
    assert.deepEqual(losses, []);
    assert.deepEqual(snapshotTree(copy), before);
    assert.deepEqual(snapshotTree(source), before, "a capture changes nothing");
    assert.deepEqual(await Array.fromAsync(diffTree(image, copy, { paths })), []);
    const second = await capture(copy, { paths, name: `${image}-copy` });
    assert.equal(second.manifest.tail.tree.digest, first.manifest.tail.tree.digest);
  });
});

test("restore() makes one random tree out of another", asRoot, async (context) => {
  let target: string | undefined;
  await holdsForTrees(context, 12, async (_tree, place, paths, image) => {
    const source = join(place, "source");
    await capture(source, { paths, name: image });
    target ??= join(place, "..", "converging");
    mkdirSync(target, { recursive: true });
    const { losses } = await restore(image, target, { paths, intoExisting: true, delete: true, backup: false });
    assert.deepEqual(losses, []);
    assert.deepEqual(snapshotTree(target), snapshotTree(source));
    assert.deepEqual(await Array.fromAsync(diffTree(image, target, { paths })), []);
    const again = await restore(image, target, { paths, intoExisting: true, delete: true });
    assert.equal(again.backup, undefined, "nothing differs any more, so nothing is backed up");
  });
});

test("diffImages() finds two random trees different exactly where diffTree() does", asRoot, async (context) => {
  let before: string | undefined;
  await holdsForTrees(context, 12, async (_tree, place, paths, image) => {
    const source = join(place, "source");
    await capture(source, { paths, name: image });
    const older = before;
    before = image;
    if (older === undefined) return;
    const [byImages, byTree] = [
      await Array.fromAsync(diffImages(older, image, { paths })),
      await Array.fromAsync(diffTree(older, source, { paths })),
    ];
    assert.deepEqual(
      byTree.map(({ path, change }) => [path, change]),
      byImages.map(({ path, change }) => [path, change]),
    );
  });
});

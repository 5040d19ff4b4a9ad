import assert from "node:assert/strict";
import { test } from "node:test";
import { putImage } from "../../../test/support/image-of-files.ts";
import { SharedStore } from "../../../test/support/shared-store.ts";
import { InterruptedError } from "../../core/errors.ts";
import { ImageNotFoundError, ObjectMissingError } from "../errors.ts";
import { measurePackUse, Reachability } from "./reachability.ts";

/** Files of as many blocks as `count`. */
function manyFiles(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`file${at}`, `content of file ${at}`]));
}

test("Reachability marks what an image needs, and nothing else", async (t) => {
  const store = await new SharedStore(t).open(1);
  const { image } = await putImage(store, { a: "shared", b: "first" });
  await putImage(store, { a: "shared", c: "second", d: "third" });
  const marks = new Reachability(store);
  await marks.markImage(image);
  assert.deepEqual([...marks.images], [image]);
  const [first, second] = measurePackUse(store, marks);
  // Two files, a segment and a top table; of the second pack nothing.
  assert.deepEqual([first?.neededBlocks.length, second?.neededBlocks], [4, []]);
  assert.equal(first?.neededBytes, first?.storedBytes);
  assert.equal(second?.neededBytes, 0);
});

test("Reachability marks any number of blocks", async (t) => {
  const store = await new SharedStore(t).open(1);
  const { image } = await putImage(store, manyFiles(9000));
  const marks = new Reachability(store);
  await marks.markImage(image);
  const needed = measurePackUse(store, marks).reduce((sum, { neededBlocks }) => sum + neededBlocks.length, 0);
  assert.equal(needed, store.index.lastBlock);
  assert.ok(needed > 9000 && !marks.isMarked(needed + 1) && !marks.isMarked(10_000_000));
});

test("Reachability reads an image once", async (t) => {
  const shared = new SharedStore(t);
  await putImage(await shared.open(1), { a: "content" });
  let reads = 0;
  const store = await shared.open(2, "here", {
    ...shared.blobs,
    get(key, range) {
      reads += 1;
      return shared.blobs.get(key, range);
    },
  });
  await store.refresh();
  const marks = new Reachability(store);
  const image = shared.keys("images/")[0]?.slice("images/".length) as Parameters<typeof marks.markImage>[0];
  await marks.markImage(image);
  reads = 0;
  await marks.markImage(image);
  assert.equal(reads, 0);
});

test("Reachability throws, when something that an image needs is gone", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const { image } = await putImage(store, { a: "content" });
  for (const key of shared.keys("packs/")) shared.objects.delete(key);
  await store.refresh();
  await assert.rejects(new Reachability(store).markImage(image), ObjectMissingError);
  shared.objects.delete(`images/${image}`);
  await assert.rejects(new Reachability(store).markImage(image), ImageNotFoundError);
});

test("Reachability can be interrupted, and marks no image as done that it did not follow", async (t) => {
  const store = await new SharedStore(t).open(1);
  const { image } = await putImage(store, { a: "content" });
  const marks = new Reachability(store);
  await assert.rejects(marks.markImage(image, AbortSignal.abort()), InterruptedError);
  assert.deepEqual([...marks.images], []);
  await marks.markImage(image);
  assert.deepEqual([...marks.images], [image]);
});

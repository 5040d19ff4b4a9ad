import assert from "node:assert/strict";
import { test } from "node:test";
import { putImage, putUnnamedImage } from "../../../test/support/image-of-files.ts";
import { check, SharedStore } from "../../../test/support/shared-store.ts";
import { ImageNotFoundError } from "../errors.ts";
import { removeName } from "../store/image-names.ts";
import { measureStore } from "./stats.ts";

test("measureStore() counts nothing in an empty store", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const { id, ...counts } = await measureStore(store);
  assert.equal(id, store.description.id);
  assert.deepEqual(counts, {
    location: "memory",
    images: 0,
    names: 0,
    packs: 0,
    chunks: 0,
    storedBytes: 0,
    uniqueBytes: 0,
    logicalBytes: 0,
    garbageBytes: 0,
  });
});

test("measureStore() counts an image with two names once, and a shared chunk once", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  await putImage(store, { a: "x".repeat(5000), b: "y".repeat(300) });
  await putImage(store, { a: "x".repeat(5000) });
  await store.tagImage({ kind: "image", by: { kind: "name", name: "web" } }, "golden");
  const stats = await measureStore(store);
  assert.deepEqual([stats.images, stats.names, stats.packs], [2, 3, 2]);
  assert.equal(stats.logicalBytes, 5300 + 5000);
  // Two files, and a segment and a top table for each image.
  assert.equal(stats.chunks, 6);
  assert.ok(stats.uniqueBytes > 5300 && stats.uniqueBytes < 6000);
  const packBytes = shared.keys("packs/").reduce((sum, key) => sum + (shared.objects.get(key)?.length ?? 0), 0);
  assert.equal(stats.storedBytes, packBytes);
  assert.equal(stats.garbageBytes, 0);
});

test("measureStore() counts as garbage what no name leads to", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  await putImage(store, { a: "x".repeat(5000) });
  await putImage(store, { b: "y".repeat(300) });
  await putUnnamedImage(store, { c: "z".repeat(2000) });
  await removeName(store.blobs, { name: "web", tag: "1" });
  const { garbageBytes, images } = await measureStore(store);
  assert.equal(images, 1);
  assert.ok(garbageBytes > 7000 && garbageBytes < 8000, `${garbageBytes} bytes`);
});

test("measureStore() refuses a store of which it cannot tell what is needed", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const { image } = await putImage(store, { a: "x" });
  shared.objects.delete(`images/${image}`);
  await assert.rejects(measureStore(store), ImageNotFoundError);
});

test("measureStore() and checkStore() read a store that may not be written", async (t) => {
  const shared = new SharedStore(t);
  await putImage(await shared.open(1), { a: "x" });
  const readOnly = Object.assign(new Error("read-only file system"), { code: "EROFS" });
  const store = await shared.open(1, "here", { ...shared.blobs, put: () => Promise.reject(readOnly) });
  assert.equal((await measureStore(store)).names, 1);
  assert.deepEqual((await check(store)).damages, []);
});

test("measureStore() holds off prunes while it measures, and leaves nothing behind", async (t) => {
  const shared = new SharedStore(t);
  await putImage(await shared.open(1), { a: "x" });
  const purposes = new Set<string>();
  const store = await shared.open(2, "here", {
    ...shared.blobs,
    async *list(prefix) {
      for (const key of shared.keys("sessions/")) purposes.add(String(shared.objects.get(key)?.includes('"measure"')));
      yield* shared.blobs.list(prefix);
    },
  });
  await measureStore(store);
  assert.deepEqual([...purposes], ["true"]);
  assert.deepEqual(shared.keys("sessions/"), []);
});

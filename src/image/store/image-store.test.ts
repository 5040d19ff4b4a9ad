import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import type { ImageOperand } from "../../core/operand.ts";
import { putImage, putUnnamedImage, readFiles } from "../../../test/support/image-of-files.ts";
import { SharedStore } from "../../../test/support/shared-store.ts";
import type { BlobStore, ListedBlob } from "../blob-store/blob-store.ts";
import {
  FormatInvalidError,
  FormatUnknownError,
  ImageNotFoundError,
  ObjectDamagedError,
  ObjectExistsError,
  StoreNotFoundError,
  StoreUnsuitableError,
} from "../errors.ts";
import { sealObject } from "../format/sealed-object.ts";
import { condemn } from "./condemnation.ts";
import { listImageNames, removeName } from "./image-names.ts";
import { ImageStore } from "./image-store.ts";

const web = (tag?: string): ImageOperand => ({
  kind: "image",
  by: { kind: "name", name: "web", ...(tag !== undefined && { tag }) },
});

function surroundings(shared: SharedStore, store: ImageStore): Parameters<typeof ImageStore.open>[0] {
  return { blobs: shared.blobs, probe: store.probe, cacheDirectory: `${store.cacheDirectory}-other` };
}

test("ImageStore.openOrCreate() makes a store once, and open() finds it", async (t) => {
  const shared = new SharedStore(t);
  const { description } = await shared.open(1);
  assert.deepEqual([...shared.objects.keys()], ["store.json"]);
  assert.match(description.id, /^[0-9a-f]{32}$/);
  assert.deepEqual((await shared.open(2)).description, description);
});

test("ImageStore.openOrCreate() makes one store, when many want to at once", async (t) => {
  const shared = new SharedStore(t);
  const stores = await Promise.all(Array.from({ length: 8 }, (_, at) => shared.open(at, `host${at}`)));
  assert.equal(new Set(stores.map(({ description }) => description.id)).size, 1);
});

test("ImageStore.openOrCreate() takes a store that appears while it looks what lies there", async (t) => {
  const shared = new SharedStore(t);
  const blobs: BlobStore = {
    ...shared.blobs,
    async *list(prefix): AsyncGenerator<ListedBlob> {
      await (await shared.open(1)).blobs.put("names/web/1", [Buffer.from("x")]);
      yield* shared.blobs.list(prefix);
    },
  };
  const { description } = await shared.open(2, "elsewhere", blobs);
  assert.equal(description.id, (await shared.open(1)).description.id);
});

test("ImageStore.openOrCreate() refuses a place where something else lies", async (t) => {
  const shared = new SharedStore(t);
  await shared.blobs.put("home/file", [Buffer.from("x")]);
  await assert.rejects(shared.open(1), StoreUnsuitableError);
  assert.deepEqual([...shared.objects.keys()], ["home/file"]);
});

test("ImageStore.open() says when there is none, when it is damaged, and when it is of a later version", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const open = (): Promise<ImageStore> => ImageStore.open(surroundings(shared, store));
  const description = { ...store.description };
  shared.objects.set("store.json", sealObject("store", { ...description, formatVersion: 2 }));
  await assert.rejects(open(), FormatUnknownError);
  shared.objects.set("store.json", sealObject("store", { ...description, id: "../../etc" }));
  await assert.rejects(open(), FormatInvalidError);
  shared.objects.set("store.json", sealObject("store", description).subarray(0, 60));
  await assert.rejects(open(), ObjectDamagedError);
  shared.objects.clear();
  await assert.rejects(open(), StoreNotFoundError);
});

test("refresh() brings the index to what lies in the store now", async (t) => {
  const shared = new SharedStore(t);
  const [here, there] = [await shared.open(1), await shared.open(2, "elsewhere")];
  const { image } = await putImage(here, { a: "content" });
  assert.ok(there.index.isEmpty);
  assert.deepEqual(await there.refresh(), { condemnations: [], unreadablePacks: [] });
  assert.deepEqual(await readFiles(there, image), { a: "content" });
  for (const key of shared.keys("packs/")) shared.objects.delete(key);
  await there.refresh();
  assert.ok(there.index.isEmpty);
});

test("refresh() leaves out packs that cannot be read, and names them", async (t) => {
  const shared = new SharedStore(t);
  await putImage(await shared.open(1), { a: "content" });
  const [key = ""] = shared.keys("packs/");
  shared.change(key, (bytes) => bytes.fill(0, bytes.length - 30));
  const other = await shared.open(2, "elsewhere");
  assert.deepEqual((await other.refresh()).unreadablePacks, [key.slice(-64)]);
  assert.ok(other.index.isEmpty);
});

test("refresh() forgets a pack whose length has changed", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  await putImage(store, { a: "content" });
  const [key = ""] = shared.keys("packs/");
  shared.change(key, (bytes) => bytes.subarray(1));
  assert.deepEqual((await store.refresh()).unreadablePacks, [key.slice(-64)]);
  assert.ok(store.index.isEmpty);
});

test("refresh() is not disturbed by a pack that goes while the list is read", async (t) => {
  const shared = new SharedStore(t);
  await putImage(await shared.open(1), { a: "one" });
  await putImage(await shared.open(1), { b: "two" });
  const [gone = ""] = shared.keys("packs/");
  const blobs: BlobStore = {
    ...shared.blobs,
    async *list(prefix): AsyncGenerator<ListedBlob> {
      for await (const blob of shared.blobs.list(prefix)) {
        if (blob.key === gone) shared.objects.delete(gone);
        yield blob;
      }
    },
  };
  const store = await shared.open(2, "elsewhere", blobs);
  assert.deepEqual((await store.refresh()).unreadablePacks, []);
  assert.equal(store.index.packs().size, 1);
});

test("refresh() makes packs durable before the index knows them", async (t) => {
  const shared = new SharedStore(t);
  await putImage(await shared.open(1), { a: "content" });
  const settled: string[] = [];
  const store = await shared.open(2, "elsewhere", {
    ...shared.blobs,
    async settle(prefix) {
      assert.ok(store.index.isEmpty);
      settled.push(prefix);
    },
  });
  await store.refresh();
  assert.deepEqual(settled, [shared.keys("packs/")[0]?.slice(0, "packs/ab/".length)]);
  await store.refresh();
  assert.equal(settled.length, 1);
});

test("ImageStore makes its index anew, when its cache was deleted", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const { image } = await putImage(store, { a: "content" });
  rmSync(store.cacheDirectory, { recursive: true });
  const again = await shared.open(2);
  await again.refresh();
  assert.deepEqual(await readFiles(again, image), { a: "content" });
});

test("openImage() holds a session for the image, and ends it", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const { image } = await putImage(store, { a: "content" });
  {
    await using opened = await store.openImage(web(), "restore web");
    assert.deepEqual([opened.name.image, opened.manifest.head.name], [image, "web"]);
    const [key = ""] = shared.keys("sessions/");
    const session = shared.objects.get(key)?.toString() ?? "";
    assert.ok(session.includes(image) && session.includes('"restore web"'));
    await opened.assertLive();
  }
  assert.deepEqual(shared.keys("sessions/"), []);
});

test("openImage() refuses an image that is condemned, gone or damaged, and leaves no session", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const { image } = await putImage(store, { a: "content" });
  const open = async (): Promise<void> => (await store.openImage(web("1"), "look"))[Symbol.asyncDispose]();
  const intact = shared.objects.get(`images/${image}`) ?? Buffer.alloc(0);
  shared.change(`images/${image}`, (bytes) => bytes.fill(0, 0, 3));
  await assert.rejects(open(), ObjectDamagedError);
  shared.objects.delete(`images/${image}`);
  await assert.rejects(open(), ImageNotFoundError);
  shared.objects.set(`images/${image}`, intact);
  await open();

  // Condemned, and its name removed between the first look and the session.
  await condemn(shared.blobs, { packs: [], images: [image] });
  const racing = await shared.open(2, "here", {
    ...shared.blobs,
    async put(key, parts) {
      if (key.startsWith("sessions/")) await removeName(shared.blobs, { name: "web", tag: "1" });
      return await shared.blobs.put(key, parts);
    },
  });
  await assert.rejects(racing.openImage(web("1"), "look"), ImageNotFoundError);
  assert.deepEqual(shared.keys("sessions/"), []);
});

test("openImage() takes a condemned image that has a name: the sweep will find it needed", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const { image } = await putImage(store, { a: "content" });
  await condemn(shared.blobs, { packs: [], images: [image] });
  await using opened = await store.openImage(web(), "look");
  assert.equal(opened.name.image, image);
});

test("openImage() reads without a session, where nothing may be written", async (t) => {
  const shared = new SharedStore(t);
  await putImage(await shared.open(1), { a: "content" });
  const denied = Object.assign(new Error("read-only file system"), { code: "EROFS" });
  const store = await shared.open(2, "here", { ...shared.blobs, put: () => Promise.reject(denied) });
  await using opened = await store.openImage(web(), "look");
  await opened.assertLive();
  assert.deepEqual(shared.keys("sessions/"), []);
});

test("tagImage() gives a further name, and refuses one that is taken", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const { image } = await putImage(store, { a: "one" });
  await putImage(store, { a: "two" });
  assert.equal((await store.tagImage(web("1"), "golden")).image, image);
  await assert.rejects(store.tagImage(web("2"), "golden"), ObjectExistsError);
  await assert.rejects(store.tagImage(web("9"), "silver"), ImageNotFoundError);
  const labels = (await listImageNames(store.blobs)).map(({ tag, image: id }) => [tag, id === image]);
  assert.deepEqual(labels, [
    ["1", true],
    ["2", false],
    ["golden", true],
  ]);
  assert.deepEqual(shared.keys("sessions/"), []);
});

test("readManifest() says when there is no such image", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const image = await putUnnamedImage(store, { a: "one" });
  assert.equal((await store.readManifest(image)).head.name, "web");
  shared.objects.delete(`images/${image}`);
  await assert.rejects(store.readManifest(image), ImageNotFoundError);
});

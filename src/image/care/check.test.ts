import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { putImage, putUnnamedImage } from "../../../test/support/image-of-files.ts";
import { check, SharedStore } from "../../../test/support/shared-store.ts";
import type { BlobStore, ListedBlob } from "../blob-store/blob-store.ts";
import { InterruptedError } from "../../core/errors.ts";
import { condemn } from "../store/condemnation.ts";
import { findImageName, removeName } from "../store/image-names.ts";
import type { ImageStore } from "../store/image-store.ts";
import { Session } from "../store/session.ts";
import { checkStore } from "./check.ts";

const [large, small] = ["large ".repeat(2000), "small ".repeat(20)];

/** A store with web:1 and web:2, which share `small`, and db:1, which shares nothing; each is in a pack of its own. */
async function fill(shared: SharedStore): Promise<ImageStore> {
  const store = await shared.open(1);
  await putImage(store, { a: large, b: small });
  await putImage(store, { b: small });
  await putImage(store, { c: "other" }, "db");
  return store;
}

/** Key of the pack that holds `text`. */
function packWith(shared: SharedStore, text: string): string {
  return shared.keys("packs/").find((key) => shared.objects.get(key)?.includes(text)) ?? "";
}

test("checkStore() reads every byte and finds nothing, where everything is sound", async (t) => {
  const shared = new SharedStore(t);
  const store = await fill(shared);
  const { damages, notes, hurtImages, objects, bytes, damagedPacks, unknownFormat } = await check(store);
  assert.deepEqual([damages, notes, hurtImages, damagedPacks, unknownFormat], [[], [], [], [], undefined]);
  // Its own session is among what it finds, and gone again.
  assert.equal(objects, shared.keys("").length + 1);
  const sizeBytes = [...shared.objects.values()].reduce((sum, { length }) => sum + length, 0);
  assert.ok(bytes > sizeBytes && bytes < sizeBytes + 1000, `${bytes} of ${sizeBytes}`);
  assert.deepEqual(shared.keys("sessions/"), []);
});

test("checkStore() names a damaged block, and the images that need it", async (t) => {
  const shared = new SharedStore(t);
  const store = await fill(shared);
  const pack = packWith(shared, small);
  shared.change(pack, (bytes) => bytes.fill(0x41, bytes.indexOf(small), bytes.indexOf(small) + 1));
  const { damages, hurtImages, damagedPacks } = await check(store);
  assert.deepEqual(hurtImages, ["web:1", "web:2"]);
  assert.equal(damages.length, 1);
  assert.match(damages[0]?.object ?? "", new RegExp(`^block [0-9a-f]{64} in ${pack}$`));
  assert.match(damages[0]?.message ?? "", /its \d+ bytes at \d+ do not match its name/);
  assert.deepEqual(
    damagedPacks.map(({ key, isUnreadable }) => [key, isUnreadable]),
    [[pack, false]],
  );
});

test("checkStore() names a pack whose frame is damaged, and the images that need it", async (t) => {
  for (const change of [
    (bytes: Buffer) => bytes.subarray(0, bytes.length - 1),
    (bytes: Buffer) => bytes.subarray(0, 20),
    (bytes: Buffer) => bytes.fill(0, bytes.length - 60, bytes.length - 58),
    () => Buffer.alloc(0),
  ]) {
    const shared = new SharedStore(t);
    const store = await fill(shared);
    const pack = packWith(shared, "other");
    shared.change(pack, change);
    const { damages, hurtImages, damagedPacks } = await check(store);
    assert.deepEqual([damages.map(({ object }) => object), hurtImages], [[pack], ["db:1"]]);
    assert.equal(damagedPacks[0]?.isUnreadable, true);
  }
});

test("checkStore() hurts no image, when only the first bytes of a pack are damaged", async (t) => {
  const shared = new SharedStore(t);
  const store = await fill(shared);
  const pack = packWith(shared, "other");
  shared.change(pack, (bytes) => bytes.fill(0, 0, 1));
  const { damages, hurtImages } = await check(store);
  assert.deepEqual(damages, [
    { object: pack, message: "it does not begin as a pack does; its blocks can be read", images: [] },
  ]);
  assert.deepEqual(hurtImages, []);
});

test("checkStore() names chunks that no pack holds, and a manifest that is gone", async (t) => {
  const shared = new SharedStore(t);
  const store = await fill(shared);
  shared.objects.delete(packWith(shared, "other"));
  const { damages, hurtImages } = await check(store);
  assert.deepEqual(hurtImages, ["db:1"]);
  assert.match(damages[0]?.object ?? "", /^chunk [0-9a-f]{64}$/);
  assert.equal(damages[0]?.message, "no pack holds it");

  const other = new SharedStore(t);
  const { image } = await putImage(await other.open(1), { a: small });
  other.objects.delete(`images/${image}`);
  const found = await check(await other.open(1));
  assert.deepEqual(
    found.damages.map(({ object, images }) => [object, images]),
    [[`images/${image}`, ["web:1"]]],
  );
});

test("checkStore() names damaged small objects, and the images of those that lead to some", async (t) => {
  const shared = new SharedStore(t);
  const store = await fill(shared);
  await condemn(store.blobs, { packs: ["ab".repeat(32)], images: [] });
  await Session.begin(store.blobs, store.probe, "a reader", []);
  const keys = ["names/db/1", ...shared.keys("condemned/"), ...shared.keys("sessions/"), ...shared.keys("images/")];
  const hurt: Record<string, readonly string[]> = {};
  for (const key of keys) {
    const intact = shared.objects.get(key) ?? Buffer.alloc(0);
    shared.change(key, (bytes) => bytes.fill(0x20, bytes.length - 5, bytes.length - 3));
    const { damages } = await check(store);
    assert.deepEqual(
      damages.map(({ object }) => object),
      [key],
    );
    hurt[key] = damages[0]?.images ?? [];
    shared.objects.set(key, intact);
  }
  assert.deepEqual(hurt["names/db/1"], ["db:1"]);
  assert.deepEqual(
    Object.entries(hurt)
      .filter(([key]) => /^(?:condemned|sessions)/.test(key))
      .flatMap(([, images]) => images),
    [],
  );
  const byImages = Object.entries(hurt).filter(([key]) => key.startsWith("images/"));
  assert.deepEqual(byImages.flatMap(([, images]) => images).toSorted(), ["db:1", "web:1", "web:2"]);
});

test("checkStore() notes images without a name and strange objects, and calls neither damaged", async (t) => {
  const shared = new SharedStore(t);
  const store = await fill(shared);
  const whole = await putUnnamedImage(store, { d: "nameless" });
  const partial = await putUnnamedImage(store, { e: "nameless too" });
  shared.objects.delete(packWith(shared, "nameless too"));
  await store.blobs.put("notes/mine", [Buffer.from("?")]);
  const { damages, notes } = await check(store);
  assert.deepEqual(damages, []);
  assert.deepEqual(
    notes.toSorted(),
    [
      '"notes/mine" is no object of a store; it was left alone',
      `images/${whole} has no name; the next prune removes it unless a capture is at it`,
      `images/${partial} has no name and is not whole; the next prune removes it unless a capture is at it`,
    ].toSorted(),
  );
});

test("checkStore() goes by what lies in the store, not by the index of this host", async (t) => {
  const shared = new SharedStore(t);
  const store = await fill(shared);
  await store.refresh();
  const pack = packWith(shared, large);
  shared.objects.delete(pack);
  assert.deepEqual((await check(store)).hurtImages, ["web:1", "web:2"]);
});

test("checkStore() leaves nothing of its own behind, also when it is interrupted", async (t) => {
  const shared = new SharedStore(t);
  const store = await fill(shared);
  await check(store);
  const caches = readdirSync(store.cacheDirectory);
  const signal = AbortSignal.abort();
  await assert.rejects(checkStore(store, { onProgress: () => undefined, signal }), InterruptedError);
  assert.deepEqual(readdirSync(store.cacheDirectory), caches);
  assert.deepEqual(shared.keys("sessions/"), []);
});

test("checkStore() calls nothing damaged that is removed by right while it runs", async (t) => {
  const shared = new SharedStore(t);
  await fill(shared);
  const { image } = await findImageName(shared.blobs, { kind: "image", by: { kind: "name", name: "db" } });
  let isChanged = false;
  const blobs: BlobStore = {
    ...shared.blobs,
    // All names have been read when everything is listed. What others condemned long before need not wait for the check.
    async *list(prefix): AsyncGenerator<ListedBlob> {
      if (prefix === "" && !isChanged) {
        isChanged = true;
        await removeName(shared.blobs, { name: "db", tag: "1" });
        for (const key of [`images/${image}`, packWith(shared, "other")]) await shared.blobs.delete(key);
      }
      yield* shared.blobs.list(prefix);
    },
  };
  assert.deepEqual((await check(await shared.open(2, "here", blobs))).damages, []);
  assert.ok(isChanged);
});

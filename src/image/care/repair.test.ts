import assert from "node:assert/strict";
import { test } from "node:test";
import { putImage, readFiles } from "../../../test/support/image-of-files.ts";
import { check, SharedStore } from "../../../test/support/shared-store.ts";
import { FormatUnknownError } from "../errors.ts";
import { openSealedObject, sealObject } from "../format/sealed-object.ts";
import { condemn } from "../store/condemnation.ts";
import { listImageNames } from "../store/image-names.ts";
import type { ImageStore } from "../store/image-store.ts";
import { Session } from "../store/session.ts";
import { prune } from "./prune.ts";
import { repairStore, type RepairResult } from "./repair.ts";

const [large, small] = ["large ".repeat(2000), "small ".repeat(20)];

function repair(store: ImageStore): Promise<RepairResult> {
  return repairStore(store, { onProgress: () => undefined });
}

async function labels(store: ImageStore): Promise<string[]> {
  return (await listImageNames(store.blobs)).map(({ name, tag }) => `${name}:${tag}`);
}

test("repairStore() changes nothing, where everything is sound", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  await putImage(store, { a: large, b: small });
  const before = new Map(shared.objects);
  const { actions, after } = await repair(store);
  assert.deepEqual([actions, after.damages], [[], []]);
  assert.deepEqual(new Map(shared.objects), before);
});

test("repairStore() keeps the intact blocks of a damaged pack, and says what it did", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const hurt = await putImage(store, { a: large, b: small });
  const whole = await putImage(store, { a: large });
  const pack = shared.keys("packs/").find((key) => shared.objects.get(key)?.includes(small)) ?? "";
  shared.change(pack, (bytes) => bytes.fill(0x41, bytes.indexOf(small), bytes.indexOf(small) + 1));
  const { before, actions, after } = await repair(store);
  assert.deepEqual(before.hurtImages, ["web:1"]);
  assert.equal(actions.length, 1);
  assert.match(actions[0] ?? "", new RegExp(`^removed ${pack}; \\d+ of its blocks are intact and were kept$`));
  assert.ok(!shared.objects.has(pack));
  assert.deepEqual(after.damagedPacks, []);
  assert.deepEqual(after.hurtImages, ["web:1"]);
  assert.deepEqual(await readFiles(store, whole.image), { a: large });
  assert.deepEqual(
    await labels(store),
    ["web:1", "web:2"],
    "what is hurt keeps its name, for a capture may make it whole",
  );
  assert.deepEqual(
    shared
      .keys("lost/")
      .map((key) => (openSealedObject("lost", shared.objects.get(key)!, key) as { packs: unknown }).packs),
    [[pack.slice(-64)]],
  );

  await putImage(store, { b: small }, "again");
  assert.deepEqual(await readFiles(store, hurt.image), { a: large, b: small });
  assert.deepEqual((await repair(store)).actions, ["nothing is missing any more"]);
  assert.deepEqual(shared.keys("lost/"), []);
});

test("repairStore() loses nothing of a pack of which only the first bytes are damaged", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const { image } = await putImage(store, { a: large, b: small });
  const [pack = ""] = shared.keys("packs/");
  shared.change(pack, (bytes) => bytes.fill(0, 0, 1));
  const { after } = await repair(store);
  assert.deepEqual(after.damages, []);
  assert.deepEqual(shared.keys("lost/"), []);
  assert.ok(!shared.objects.has(pack));
  assert.deepEqual(await readFiles(store, image), { a: large, b: small });
});

test("repairStore() keeps a block once, when the pack that also holds it is damaged", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const { image } = await putImage(store, { a: large });
  await putImage(store, { a: large, b: small }, "db");
  for (const key of shared.keys("packs/")) shared.change(key, (bytes) => bytes.fill(0, 0, 1));
  assert.deepEqual((await repair(store)).after.damages, []);
  assert.deepEqual(await readFiles(store, image), { a: large });
});

test("repairStore() notes a loss, when a whole pack is gone", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  await putImage(store, { a: large });
  const [pack = ""] = shared.keys("packs/");
  shared.objects.delete(pack);
  const { after } = await repair(store);
  assert.deepEqual(after.hurtImages, ["web:1"]);
  assert.equal(shared.keys("lost/").length, 1, "captures must not go by what they stored before");
});

test("repairStore() removes small objects that cannot be read, so that a prune goes on", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const { image } = await putImage(store, { a: large });
  await condemn(store.blobs, { packs: ["ab".repeat(32)], images: [] });
  await Session.begin(store.blobs, store.probe, "a reader", []);
  const damaged = [...shared.keys("condemned/"), ...shared.keys("sessions/")];
  for (const key of damaged) shared.change(key, (bytes) => bytes.fill(0, 0, 20));
  const { actions, after } = await repair(store);
  assert.deepEqual(
    actions,
    damaged.map((key) => `removed ${key}, which cannot be read`),
  );
  assert.deepEqual(after.damages, []);
  const { waitsFor } = await prune(store, { dryRun: false, minNeededShare: 1, onProgress: () => undefined });
  assert.deepEqual(waitsFor, []);
  assert.deepEqual(await readFiles(store, image), { a: large });
});

test("repairStore() removes the names of a manifest that cannot be read or is gone, and no others", async (t) => {
  for (const isGone of [false, true]) {
    const shared = new SharedStore(t);
    const store = await shared.open(1);
    const { image } = await putImage(store, { a: large });
    await store.tagImage({ kind: "image", by: { kind: "name", name: "web" } }, "golden");
    const kept = await putImage(store, { b: small });
    if (isGone) shared.objects.delete(`images/${image}`);
    else shared.change(`images/${image}`, (bytes) => bytes.fill(0, 4, 8));
    const { after } = await repair(store);
    assert.deepEqual(after.damages, []);
    assert.deepEqual(await labels(store), ["web:2"]);
    assert.deepEqual(await readFiles(store, kept.image), { b: small });
  }
});

test("repairStore() changes nothing, when an object is of a later version", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  await putImage(store, { a: large, b: small });
  const [pack = ""] = shared.keys("packs/");
  shared.change(pack, (bytes) => bytes.fill(0, 12, 14));
  const sealed = sealObject("condemned", {}).toString().replace("condemned 1", "condemned 2");
  await store.blobs.put(`condemned/${"0".repeat(32)}.0`, [Buffer.from(sealed)]);
  const before = new Map(shared.objects);
  assert.ok((await check(store)).damages.length > 0);
  await assert.rejects(repair(store), FormatUnknownError);
  assert.deepEqual(new Map(shared.objects), before);
});

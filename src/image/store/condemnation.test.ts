import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryBlobStore } from "../blob-store/memory-blob-store.ts";
import { FormatInvalidError, ObjectDamagedError, SessionLapsedError } from "../errors.ts";
import { sealObject } from "../format/sealed-object.ts";
import {
  assertNotGivenUp,
  condemn,
  condemnedPacks,
  endCondemnation,
  openCondemnation,
  readCondemnations,
  settleCondemnation,
} from "./condemnation.ts";

const [packA, packB, image] = ["a".repeat(64), "b".repeat(64), "c".repeat(64)];
const [session, other] = ["1".repeat(32), "2".repeat(32)];

test("condemn() puts a record that waits for nobody yet", async () => {
  const blobs = memoryBlobStore();
  const record = await condemn(blobs, { packs: [packA], images: [image] });
  assert.deepEqual([...blobs.objects.keys()], [`condemned/${record.id}.0`]);
  assert.deepEqual(await readCondemnations(blobs), [record]);
  assert.deepEqual([record.packs, record.images, record.waitsFor], [[packA], [image], null]);
});

test("settleCondemnation() names who is waited for, under the next number", async () => {
  const blobs = memoryBlobStore();
  const record = await condemn(blobs, { packs: [packA], images: [] });
  const settled = await settleCondemnation(blobs, record, [session]);
  assert.deepEqual([...blobs.objects.keys()], [`condemned/${record.id}.1`]);
  assert.deepEqual(await readCondemnations(blobs), [settled]);
  assert.deepEqual(settled, { ...record, waitsFor: [session] });
});

test("readCondemnations() goes by the settled record, when the one before is still there", async () => {
  const blobs = memoryBlobStore();
  const record = await condemn(blobs, { packs: [packA], images: [] });
  const before = blobs.objects.get(`condemned/${record.id}.0`)!;
  const settled = await settleCondemnation(blobs, record, []);
  for (const order of [0, 1]) {
    blobs.objects.delete(`condemned/${record.id}.0`);
    blobs.objects.set(`condemned/${record.id}.0`, before);
    const after = blobs.objects.get(`condemned/${record.id}.1`)!;
    if (order === 1) blobs.objects.delete(`condemned/${record.id}.1`);
    blobs.objects.set(`condemned/${record.id}.1`, after);
    assert.deepEqual(await readCondemnations(blobs), [settled]);
  }
});

test("endCondemnation() leaves nothing of a record, whatever is there of it", async () => {
  for (const objects of [".0", ".1", ".0.1"]) {
    const blobs = memoryBlobStore();
    const { id } = await condemn(blobs, { packs: [packA], images: [] });
    const bytes = blobs.objects.get(`condemned/${id}.0`)!;
    blobs.objects.clear();
    for (const number of ["0", "1"])
      if (objects.includes(number)) blobs.objects.set(`condemned/${id}.${number}`, bytes);
    await endCondemnation(blobs, id);
    assert.deepEqual([...blobs.objects.keys()], []);
  }
});

test("condemnedPacks() joins the packs of all records", async () => {
  const blobs = memoryBlobStore();
  await condemn(blobs, { packs: [packA, packB], images: [] });
  await condemn(blobs, { packs: [packB], images: [image] });
  assert.deepEqual(condemnedPacks(await readCondemnations(blobs)), new Set([packA, packB]));
});

test("readCondemnations() throws, when one is damaged: what it lists may go at any moment", async () => {
  const blobs = memoryBlobStore();
  const { id } = await condemn(blobs, { packs: [packA], images: [] });
  await condemn(blobs, { packs: [packB], images: [] });
  blobs.objects.get(`condemned/${id}.0`)?.fill(0x20, 100, 102);
  await assert.rejects(readCondemnations(blobs), ObjectDamagedError);
});

test("openCondemnation() refuses what names no packs, images and sessions, or lies under another name", () => {
  const id = "d".repeat(32);
  const record = { id, condemnedAt: "2026-11-20T00:00:00.000Z", packs: [packA], images: [image], waitsFor: [session] };
  const key = `condemned/${id}.1`;
  assert.deepEqual(openCondemnation(sealObject("condemned", record), key), record);
  for (const wrong of [
    { ...record, id: "e".repeat(32) },
    { ...record, packs: ["../../etc/passwd"] },
    { ...record, packs: "all" },
    { ...record, images: [null] },
    { ...record, waitsFor: undefined },
    { ...record, waitsFor: ["x"] },
    null,
    [],
  ])
    assert.throws(
      () => openCondemnation(sealObject("condemned", wrong), key),
      FormatInvalidError,
      JSON.stringify(wrong),
    );
});

test("assertNotGivenUp() throws for a new record that waits for others only", () => {
  const record = { id: "d".repeat(32), condemnedAt: "", packs: [packA], images: [] };
  const waitsFor = (ids: readonly string[] | null) => [{ ...record, waitsFor: ids }];
  assertNotGivenUp([], [], session);
  assertNotGivenUp([], waitsFor(null), session);
  assertNotGivenUp([], waitsFor([other, session]), session);
  assertNotGivenUp(waitsFor(null), waitsFor([other]), session);
  assert.throws(() => assertNotGivenUp([], waitsFor([other]), session), SessionLapsedError);
  assert.throws(() => assertNotGivenUp([], waitsFor([]), session), SessionLapsedError);
});

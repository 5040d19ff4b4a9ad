import assert from "node:assert/strict";
import { test } from "node:test";
import { putImage, putUnnamedImage, readFiles } from "../../../test/support/image-of-files.ts";
import { check, SharedStore } from "../../../test/support/shared-store.ts";
import { ObjectDamagedError } from "../errors.ts";
import { encodePack, type PackId } from "../format/pack.ts";
import { sealObject } from "../format/sealed-object.ts";
import { condemn } from "../store/condemnation.ts";
import { removeName } from "../store/image-names.ts";
import type { ImageStore } from "../store/image-store.ts";
import { packKey, packOfKey, readPackFooter } from "../store/pack-reader.ts";
import { Session } from "../store/session.ts";
import { prune, type PruneResult, type PruneSettings } from "./prune.ts";

function run(store: ImageStore, settings: Partial<PruneSettings> = {}): Promise<PruneResult> {
  return prune(store, { dryRun: false, minNeededShare: 0.5, onProgress: () => undefined, ...settings });
}

const nothing: PruneResult = {
  removedPacks: 0,
  rewrittenPacks: 0,
  removedImages: 0,
  freedBytes: 0,
  waitingPacks: 0,
  waitingBytes: 0,
  waitsFor: [],
  removedSessions: 0,
  removedLeftovers: 0,
};

const sizeOf = ({ objects }: SharedStore): number => [...objects.values()].reduce((sum, { length }) => sum + length, 0);

/** What a sealed object says. */
function bodyOf(bytes: Buffer | undefined): Record<string, unknown> {
  return JSON.parse(bytes?.subarray(bytes.indexOf("\n")).toString() ?? "") as Record<string, unknown>;
}

/** Puts a pack with the same blocks as another one. */
async function copyPack({ blobs }: ImageStore, key: string): Promise<void> {
  const bytes = (await blobs.get(key)) ?? Buffer.alloc(0);
  const entries = await readPackFooter(blobs, packOfKey(key) as PackId, bytes.length);
  const blocks = entries.map((entry) => ({
    ...entry,
    id: Buffer.from(entry.id, "hex"),
    stored: bytes.subarray(entry.offset, entry.offset + entry.storedBytes),
  }));
  const { id, parts } = encodePack(blocks);
  await blobs.put(packKey(id), parts);
}

const [large, small] = ["large ".repeat(2000), "small ".repeat(20)];
const first = { name: "web", tag: "1" };

test("prune() does nothing, when everything has a name", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  await putImage(store, { a: large, b: small });
  await putImage(store, { a: large, c: small });
  const before = shared.keys("");
  assert.deepEqual(await run(store), nothing);
  assert.deepEqual(shared.keys(""), before);
});

test("prune() removes images without a name and packs that nobody needs, and says how much that frees", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const { image } = await putImage(store, { a: large });
  const kept = await putImage(store, { b: small });
  const pack = shared.keys("packs/").find((key) => shared.objects.get(key)?.includes(large)) ?? "";
  const freedBytes = shared.objects.get(pack)?.length;
  await removeName(store.blobs, first);
  assert.deepEqual(await run(store), { ...nothing, removedPacks: 1, removedImages: 1, freedBytes });
  assert.deepEqual(shared.keys("images/"), [`images/${kept.image}`]);
  assert.ok(!shared.objects.has(pack) && !shared.objects.has(`images/${image}`));
  assert.deepEqual(await readFiles(store, kept.image), { b: small });
  assert.deepEqual((await check(store)).damages, []);
});

test("prune() keeps an image as long as it has any name", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const { image } = await putImage(store, { a: large });
  await store.tagImage({ kind: "image", by: { kind: "name", name: "web" } }, "golden");
  await removeName(store.blobs, first);
  assert.deepEqual(await run(store), nothing);
  assert.deepEqual(await readFiles(store, image), { a: large });
});

test("prune() writes a pack anew of which less than a share is needed, and leaves the others", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  await putImage(store, { a: large, b: small });
  const kept = await putImage(store, { b: small });
  await removeName(store.blobs, first);
  const sizeBefore = sizeOf(shared);
  const { rewrittenPacks, removedPacks, freedBytes } = await run(store);
  assert.deepEqual([rewrittenPacks, removedPacks], [1, 1]);
  assert.ok(freedBytes > large.length - 1000 && freedBytes <= sizeBefore - sizeOf(shared) + 400, `${freedBytes} bytes`);
  assert.deepEqual(await readFiles(store, kept.image), { b: small });
  assert.deepEqual((await check(store)).damages, []);
  assert.deepEqual(await run(store), nothing);
});

test("prune() leaves a pack of which enough is needed", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  await putImage(store, { a: large, b: small });
  await putImage(store, { a: large });
  await removeName(store.blobs, first);
  const packs = shared.keys("packs/");
  assert.deepEqual(await run(store), { ...nothing, removedImages: 1 });
  assert.deepEqual(shared.keys("packs/"), packs);
});

test("prune() changes nothing and says what it would do, when it runs dry", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  await putImage(store, { a: large });
  await putImage(store, { c: large.slice(1), b: small });
  await putImage(store, { b: small });
  for (const tag of ["1", "2"]) await removeName(store.blobs, { name: "web", tag });
  const before = new Map(shared.objects);
  const planned = await run(store, { dryRun: true });
  assert.deepEqual(new Map(shared.objects), before);
  const done = await run(store);
  const { removedPacks, rewrittenPacks, removedImages } = planned;
  assert.deepEqual([removedPacks, rewrittenPacks, removedImages], [1, 1, 2]);
  assert.deepEqual([done.removedPacks - done.rewrittenPacks, done.rewrittenPacks, done.removedImages], [1, 1, 2]);
  assert.ok(Math.abs(planned.freedBytes - done.freedBytes) < 600, `${planned.freedBytes}, ${done.freedBytes}`);
});

for (const host of ["here", "elsewhere"])
  test(`prune() waits for a live session ${host}, and the next one ends what it began`, async (t) => {
    const shared = new SharedStore(t);
    const store = await shared.open(1);
    await putImage(store, { a: large });
    await putImage(store, { b: small });
    const other = await shared.open(2, host);
    const session = await Session.begin(other.blobs, other.probe, "copy web", []);
    await removeName(store.blobs, first);
    const before = shared.keys("packs/");
    const waiting = await run(store);
    assert.deepEqual([waiting.removedPacks, waiting.removedImages, waiting.waitingPacks], [0, 0, 1]);
    assert.deepEqual(waiting.waitsFor, ["copy web"]);
    assert.ok(waiting.waitingBytes > large.length);
    assert.deepEqual(shared.keys("packs/"), before);
    assert.deepEqual((await run(store)).waitsFor, ["copy web"], "and once more");
    assert.equal(shared.keys("condemned/").length, 1);

    await session[Symbol.asyncDispose]();
    const swept = await run(store);
    assert.deepEqual([swept.removedPacks, swept.removedImages, swept.waitsFor], [1, 1, []]);
    assert.deepEqual(shared.keys("condemned/"), []);
    assert.deepEqual((await check(store)).damages, []);
  });

test("prune() waits for nobody and removes its session, when the owner has ended or the grace has passed", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  await putImage(store, { a: large });
  await removeName(store.blobs, first);
  await Session.begin(store.blobs, (await shared.open(2)).probe, "a capture that was killed", []);
  shared.dead.add(2);
  const elsewhere = await shared.open(3, "elsewhere");
  const { id } = await Session.begin(elsewhere.blobs, elsewhere.probe, "a capture that lost its power", []);
  const longAgo = { renewedAt: new Date(Date.now() - 3_601_000).toISOString() };
  shared.change(`sessions/${id}.0`, (bytes) => sealObject("session", { ...bodyOf(bytes), ...longAgo }));
  const result = await run(store);
  assert.deepEqual([result.removedSessions, result.removedPacks, result.waitsFor], [2, 1, []]);
  assert.deepEqual(shared.keys("sessions/"), []);
});

test("prune() keeps an image that only a session lists, and removes it when that has ended", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const { image } = await putImage(store, { a: large });
  const reader = await shared.open(2);
  const session = await Session.begin(reader.blobs, reader.probe, "restore web:1", [image]);
  await removeName(store.blobs, first);
  assert.deepEqual(await run(store), nothing);
  assert.deepEqual(await readFiles(store, image), { a: large });
  await session[Symbol.asyncDispose]();
  const result = await run(store);
  assert.deepEqual([result.removedImages, result.removedPacks], [1, 1]);
});

test("prune() keeps a condemned pack that an image needs which was published while it waited", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  await putImage(store, { a: large, z: "gone" });
  const writer = await shared.open(2);
  const session = await Session.begin(writer.blobs, writer.probe, "capture web", []);
  await writer.refresh();
  await removeName(store.blobs, first);
  assert.equal((await run(store)).waitingPacks, 1);
  const published = await putImage(writer, { a: large }, "web", false);
  await session[Symbol.asyncDispose]();
  const result = await run(store);
  assert.deepEqual([result.removedPacks, result.removedImages, result.waitingPacks], [0, 1, 0]);
  assert.deepEqual(shared.keys("condemned/"), []);
  assert.deepEqual(await readFiles(store, published.image), { a: large });
  assert.deepEqual((await check(store)).damages, []);
});

test("prune() goes on with what a dead one condemned, and waits for those who may rely on it", async (t) => {
  for (const isAwaited of [false, true]) {
    const shared = new SharedStore(t);
    const store = await shared.open(1);
    const { image } = await putImage(store, { a: large });
    await removeName(store.blobs, first);
    const packs = shared.keys("packs/").map((key) => key.slice(-64));
    await condemn(store.blobs, { packs, images: [image] });
    const other = await shared.open(2);
    const session = isAwaited ? await Session.begin(other.blobs, other.probe, "a reader", []) : undefined;
    const result = await run(store);
    assert.deepEqual([result.removedPacks, result.removedImages], isAwaited ? [0, 0] : [1, 1]);
    assert.equal(shared.keys("condemned/").length, isAwaited ? 1 : 0);
    await session?.[Symbol.asyncDispose]();
    await run(store);
    assert.deepEqual([...shared.keys("packs/"), ...shared.keys("images/"), ...shared.keys("condemned/")], []);
  }
});

test("prune() ends a condemnation of which everything is gone already", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  const kept = await putImage(store, { a: large });
  await condemn(store.blobs, { packs: ["ab".repeat(32)], images: ["cd".repeat(32)] });
  await run(store);
  assert.deepEqual(shared.keys("condemned/"), []);
  assert.deepEqual(await readFiles(store, kept.image), { a: large });
});

test("prune() keeps one of two copies of a block, the same on every host", async (t) => {
  const shared = new SharedStore(t);
  const here = await shared.open(1);
  const kept = await putImage(here, { a: large });
  // What a prune leaves that dies when it has copied and not condemned yet.
  for (const key of shared.keys("packs/")) await copyPack(here, key);
  assert.equal(shared.keys("packs/").length, 2);
  for (const host of ["here", "elsewhere"]) {
    const store = await shared.open(2, host);
    const result = await run(store, { dryRun: true });
    assert.equal(result.removedPacks, 1, host);
  }
  assert.equal((await run(await shared.open(3, "elsewhere"))).removedPacks, 1);
  assert.deepEqual(await run(here), nothing);
  assert.deepEqual(await readFiles(here, kept.image), { a: large });
});

test("prune() removes nothing, when an image, a name or a condemnation is damaged", async (t) => {
  for (const prefix of ["images/", "names/", "condemned/", "packs/"]) {
    const shared = new SharedStore(t);
    const store = await shared.open(1);
    await putImage(store, { a: large });
    await putImage(store, { b: small });
    await putUnnamedImage(store, { c: "garbage" });
    await condemn(store.blobs, { packs: ["ab".repeat(32)], images: [] });
    const { image } = bodyOf(shared.objects.get("names/web/1"));
    const isNeeded = (key: string): boolean =>
      key === `images/${String(image)}` || shared.objects.get(key)?.includes(large) === true;
    const damaged = shared.keys(prefix).find(isNeeded) ?? shared.keys(prefix)[0] ?? "";
    shared.change(damaged, (bytes) => bytes.fill(0, 0, bytes.length));
    const before = shared.keys("");
    const other = await shared.open(2, "elsewhere");
    await assert.rejects(run(other), (error) => "code" in (error as Error), prefix);
    assert.deepEqual(shared.keys(""), before, prefix);
  }
});

test("prune() waits for a session that cannot be read, whoever it was", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  await putImage(store, { a: large });
  await removeName(store.blobs, first);
  await store.blobs.put(`sessions/${"0".repeat(32)}.0`, [Buffer.from("nonsense")]);
  const result = await run(store);
  assert.deepEqual([result.waitsFor, result.removedPacks], [["an unreadable session"], 0]);
});

test("prune() copies no damaged block, and keeps the pack it lies in", async (t) => {
  const shared = new SharedStore(t);
  const store = await shared.open(1);
  await putImage(store, { a: small, b: large });
  const [pack = ""] = shared.keys("packs/");
  await putImage(store, { a: small });
  await removeName(store.blobs, first);
  const at = shared.objects.get(pack)?.indexOf(small) ?? -1;
  shared.change(pack, (bytes) => bytes.fill(0x41, at, at + 3));
  await assert.rejects(run(store), ObjectDamagedError);
  assert.ok(shared.objects.has(pack));
  assert.deepEqual(shared.keys("condemned/"), []);
});

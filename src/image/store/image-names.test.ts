import assert from "node:assert/strict";
import { test } from "node:test";
import type { ImageOperand } from "../../core/operand.ts";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { memoryBlobStore } from "../blob-store/memory-blob-store.ts";
import {
  FormatInvalidError,
  ImageAmbiguousError,
  ImageNotFoundError,
  ObjectDamagedError,
  ObjectExistsError,
  SessionLapsedError,
} from "../errors.ts";
import { sealObject } from "../format/sealed-object.ts";
import {
  findImageName,
  listImageNames,
  openImageName,
  putName,
  putNameInSession,
  putNextName,
  removeName,
  type ImageId,
  type ImageName,
} from "./image-names.ts";

const imageOf = (digits: string): ImageId => digits.padEnd(64, "0") as ImageId;

function named(name: string, tag: string, image = imageOf("ab")): ImageName {
  const counts = { entries: 1, files: 0, bytes: 0, newBytes: 0, storedBytes: 0 };
  return {
    image,
    name,
    tag,
    kind: "directory",
    capturedAt: "2026-11-20T00:00:00.000Z",
    consistency: "fuzzy",
    ...counts,
  };
}

async function storeOf(...labels: readonly (readonly [string, string, string?])[]): Promise<BlobStore> {
  const blobs = memoryBlobStore();
  for (const [name, tag, digits] of labels) await putName(blobs, named(name, tag, imageOf(digits ?? "ab")));
  return blobs;
}

const byName = (name: string, tag?: string): ImageOperand => ({
  kind: "image",
  by: { kind: "name", name, ...(tag !== undefined && { tag }) },
});
const byId = (prefix: string): ImageOperand => ({ kind: "image", by: { kind: "id", prefix } });
const labelOf = ({ name, tag }: ImageName): string => `${name}:${tag}`;

test("listImageNames() sorts by name, then numbers by value, then words", async () => {
  const blobs = await storeOf(
    ["web", "10"],
    ["web", "9"],
    ["web", "beta"],
    ["db", "1"],
    ["web", "alpha"],
    ["web", "100"],
  );
  const expected = ["db:1", "web:9", "web:10", "web:100", "web:alpha", "web:beta"];
  assert.deepEqual((await listImageNames(blobs)).map(labelOf), expected);
  assert.deepEqual((await listImageNames(blobs, "web")).map(labelOf), expected.slice(1));
  assert.deepEqual(await listImageNames(blobs, "we"), []);
});

test("putNextName() gives the number after the highest, whatever words and gaps there are", async () => {
  const blobs = await storeOf(["web", "2"], ["web", "9"], ["web", "v12"], ["website", "40"]);
  const { tag: _, ...name } = named("web", "");
  assert.equal((await putNextName(blobs, name)).tag, "10");
  assert.equal((await putNextName(blobs, { ...name, name: "new" })).tag, "1");
  assert.equal((await findImageName(blobs, byName("web", "10"))).image, name.image);
});

test("putNextName() gives every one of many at once a number of its own, without gaps", async () => {
  const blobs = memoryBlobStore();
  const { tag: _, ...name } = named("web", "");
  const given = await Promise.all(
    Array.from({ length: 40 }, (_entry, at) => putNextName(blobs, { ...name, bytes: at })),
  );
  const numbers = given.map(({ tag }) => Number(tag)).toSorted((a, b) => a - b);
  assert.deepEqual(
    numbers,
    Array.from({ length: 40 }, (_entry, at) => at + 1),
  );
  for (const { tag, bytes } of given) assert.equal((await findImageName(blobs, byName("web", tag))).bytes, bytes);
});

test("putName() refuses a tag that is taken, and leaves it as it was", async () => {
  const blobs = await storeOf(["web", "golden", "aa"]);
  await assert.rejects(putName(blobs, named("web", "golden", imageOf("bb"))), ObjectExistsError);
  assert.equal((await findImageName(blobs, byName("web", "golden"))).image, imageOf("aa"));
});

test("findImageName() takes the highest number for a name alone, and a word only where there is no number", async () => {
  const blobs = await storeOf(["web", "9"], ["web", "10"], ["web", "zeta"], ["words", "alpha"], ["words", "beta"]);
  assert.equal(labelOf(await findImageName(blobs, byName("web"))), "web:10");
  assert.equal(labelOf(await findImageName(blobs, byName("words"))), "words:beta");
  assert.equal(labelOf(await findImageName(blobs, byName("web", "9"))), "web:9");
  for (const operand of [byName("we"), byName("web", "11"), byName("absent"), byName("absent", "1")])
    await assert.rejects(findImageName(blobs, operand), ImageNotFoundError);
});

test("findImageName() takes the only image whose id begins so, however many names it has", async () => {
  const blobs = await storeOf(["web", "1", "abcdef01"], ["web", "golden", "abcdef01"], ["db", "1", "abcdef02"]);
  assert.equal((await findImageName(blobs, byId("abcdef01"))).image, imageOf("abcdef01"));
  assert.equal(labelOf(await findImageName(blobs, byId(imageOf("abcdef02")))), "db:1");
  await assert.rejects(findImageName(blobs, byId("abcdef0")), ImageAmbiguousError);
  await assert.rejects(findImageName(blobs, byId("abcdef03")), ImageNotFoundError);
});

test("removeName() removes that name, and is no error when there is none", async () => {
  const blobs = await storeOf(["web", "1"], ["web", "2"]);
  await removeName(blobs, { name: "web", tag: "1" });
  await removeName(blobs, { name: "web", tag: "1" });
  assert.deepEqual((await listImageNames(blobs)).map(labelOf), ["web:2"]);
});

test("openImageName() refuses what names no image, or lies under another name", () => {
  const key = "names/web/1";
  const name = named("web", "1");
  assert.deepEqual(openImageName(sealObject("name", name), key), name);
  for (const wrong of [{ ...name, tag: "2" }, { ...name, name: "db" }, { ...name, image: "../x" }, {}, null, [], "x"])
    assert.throws(() => openImageName(sealObject("name", wrong), key), FormatInvalidError, JSON.stringify(wrong));
  assert.throws(() => openImageName(sealObject("name", name).subarray(1), key), ObjectDamagedError);
  assert.throws(() => openImageName(sealObject("session", name), key), ObjectDamagedError);
});

test("openImageName() refuses fields of other types, and lets words of later versions through", () => {
  const key = "names/web/1";
  const name = named("web", "1");
  const wrong: readonly Readonly<Record<string, unknown>>[] = [
    ...["entries", "files", "bytes", "newBytes", "storedBytes"].flatMap((field) =>
      [-1, 1.5, 2 ** 53, "1", null, [1], undefined].map((value) => ({ [field]: value })),
    ),
    ...["kind", "consistency"].flatMap((field) =>
      ["", "\u001b[2J", "A", 1, ["host"]].map((value) => ({ [field]: value })),
    ),
    ...["", "yesterday", 0, "2026-11-20T00:00:00.000Z\n", "2026-11-20"].map((capturedAt) => ({ capturedAt })),
  ];
  for (const fields of wrong)
    assert.throws(
      () => openImageName(sealObject("name", { ...name, ...fields }), key),
      FormatInvalidError,
      JSON.stringify(fields),
    );
  const later = { ...name, kind: "disk-set", more: true };
  assert.deepEqual(openImageName(sealObject("name", later), key), later);
});

test("listImageNames() gives up on a store in which a name is none", async () => {
  for (const hostile of [
    { ...named("web", "2"), bytes: "x" },
    { ...named("web", "2"), kind: { toString: 1 } },
  ]) {
    const blobs = await storeOf(["web", "1"]);
    await blobs.put("names/web/2", [sealObject("name", hostile)]);
    await assert.rejects(listImageNames(blobs), FormatInvalidError);
  }
});

/** A session that is live as often as it is told. */
function liveFor(times: number): { assertLive(): Promise<void> } {
  let asked = 0;
  return { assertLive: () => (++asked > times ? Promise.reject(new SessionLapsedError()) : Promise.resolve()) };
}

test("putNameInSession() puts nothing, when the session lapsed before", async () => {
  const blobs = await storeOf();
  const put = (): Promise<ImageName> => putName(blobs, named("web", "1"));
  await assert.rejects(putNameInSession(blobs, liveFor(0), put), SessionLapsedError);
  assert.deepEqual(await listImageNames(blobs), []);
});

test("putNameInSession() takes the name back, when the session lapsed meanwhile", async () => {
  const blobs = await storeOf(["web", "1"]);
  const { tag: _, ...name } = named("web", "");
  await assert.rejects(
    putNameInSession(blobs, liveFor(1), () => putNextName(blobs, name)),
    SessionLapsedError,
  );
  assert.deepEqual((await listImageNames(blobs)).map(labelOf), ["web:1"]);
  assert.equal((await putNameInSession(blobs, liveFor(2), () => putNextName(blobs, name))).tag, "2");
});

test("putNameInSession() leaves the name that was there, when it is taken", async () => {
  const blobs = await storeOf(["web", "golden", "aa"]);
  const put = (): Promise<ImageName> => putName(blobs, named("web", "golden", imageOf("bb")));
  await assert.rejects(putNameInSession(blobs, liveFor(2), put), ObjectExistsError);
  assert.equal((await findImageName(blobs, byName("web", "golden"))).image, imageOf("aa"));
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { describeBlobStore } from "../blob-store/blob-store.contract.ts";
import { memoryBlobStore } from "../blob-store/memory-blob-store.ts";
import { ObjectDamagedError } from "../errors.ts";
import { encryptedBlobStore } from "./encrypted-blob-store.ts";
import { HiddenNames } from "./hidden-names.ts";

const key = (text: string): Buffer => createHash("sha256").update(text).digest();
const master = key("master");

describeBlobStore("encryptedBlobStore()", () => ({
  blobs: encryptedBlobStore(memoryBlobStore(), master),
  end: () => undefined,
}));

function pair(): { readonly objects: Map<string, Buffer>; readonly blobs: BlobStore } {
  const { objects, ...inner } = memoryBlobStore();
  return { objects, blobs: encryptedBlobStore(inner, master) };
}

const pattern = (lengthBytes: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: lengthBytes }, (_, at) => (at * 31) >> 3));

test("encryptedBlobStore() gives back every length and range around the segments' borders", async () => {
  const { blobs } = pair();
  const lengths = [0, 1, 65_535, 65_536, 65_537, 131_072, 200_001];
  for (const length of lengths) {
    const body = pattern(length);
    await blobs.put(`packs/aa/${length}`, [body.subarray(0, 10), body.subarray(10)]);
    assert.deepEqual(await blobs.get(`packs/aa/${length}`), body, `${length}`);
    for (const offset of [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 200_000])
      for (const lengthBytes of [0, 1, 65_536, 100_000, 300_000])
        assert.ok(
          body
            .subarray(offset, offset + lengthBytes)
            .equals((await blobs.get(`packs/aa/${length}`, { offset, lengthBytes })) ?? Buffer.of(1, 2)),
          `${lengthBytes} bytes at ${offset} of ${length}`,
        );
    for await (const { key: found, sizeBytes } of blobs.list("packs/aa/"))
      if (found.endsWith(`/${length}`)) assert.equal(sizeBytes, length);
  }
});

test("encryptedBlobStore() shows nothing of contents and image names, but tells a store from none", async () => {
  const { objects, blobs } = pair();
  await blobs.put("store.json", [Buffer.from("open")]);
  await blobs.put("names/secret-name/golden", [Buffer.from("secret-name has a secret-package")]);
  await blobs.put("packs/ab/one", [Buffer.from("secret-body")]);
  assert.equal(objects.get("store.json")?.toString(), "open");
  for (const [name, body] of objects) {
    assert.ok(!name.includes("secret") && !name.includes("golden"), name);
    assert.ok(!body.includes("secret"), name);
  }
});

test("encryptedBlobStore() notices every flipped byte, whole and in ranges", async () => {
  const { objects, blobs } = pair();
  await blobs.put("images/one", [pattern(300)]);
  const sealed = objects.get("images/one") ?? assert.fail();
  for (let at = 0; at < sealed.length; at++) {
    sealed[at]! ^= 0x40;
    await assert.rejects(blobs.get("images/one"), ObjectDamagedError, `byte ${at}`);
    await assert.rejects(blobs.get("images/one", { offset: 3, lengthBytes: 5 }), ObjectDamagedError, `byte ${at}`);
    sealed[at]! ^= 0x40;
  }
});

test("encryptedBlobStore() notices segments that were cut off, moved or taken from another object", async () => {
  const { objects, blobs } = pair();
  await blobs.put("packs/aa/one", [pattern(150_000)]);
  await blobs.put("packs/aa/two", [pattern(150_000)]);
  const sealed = objects.get("packs/aa/one") ?? assert.fail();
  const segment = 65_536 + 16;
  const head = sealed.subarray(0, 40);
  const parts = [0, 1, 2].map((index) => sealed.subarray(40 + index * segment, 40 + (index + 1) * segment));
  const [first, second, third] = parts as [Buffer, Buffer, Buffer];
  const forged = {
    "the end cut off": [head, first, second],
    "all cut off": [head],
    "two changed places": [head, second, first, third],
    "one twice": [head, first, first, second, third],
    "a part of a segment": [head, first, second, third.subarray(0, 100)],
  };
  for (const [what, bytes] of Object.entries(forged)) {
    objects.set("packs/aa/one", Buffer.concat(bytes));
    await assert.rejects(blobs.get("packs/aa/one"), ObjectDamagedError, what);
  }
  objects.set("packs/aa/one", objects.get("packs/aa/two") ?? assert.fail());
  await assert.rejects(blobs.get("packs/aa/one"), ObjectDamagedError, "another object under its name");
});

test("encryptedBlobStore() opens nothing with another master key", async () => {
  const { objects, blobs } = pair();
  await blobs.put("names/web/1", [Buffer.from("x")]);
  await blobs.put("images/one", [Buffer.from("x")]);
  const other = encryptedBlobStore(memoryBlobStore(objects), key("other"));
  await assert.rejects(other.get("images/one"), ObjectDamagedError);
  assert.deepEqual(await Array.fromAsync(other.list("names/")), []);
});

test("HiddenNames shows what it hid, whatever it was, and gives no two names the same key", () => {
  const names = new HiddenNames(master);
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 257, unit: fc.constantFrom(..."abz09._-/".split("")) }),
      (name) => {
        const hidden = names.hide(name);
        assert.match(hidden, /^[0-9a-f]{1,192}(\/[0-9a-f]{1,192})*$/);
        assert.equal(names.show(hidden), name);
        assert.equal(names.hide(name), hidden);
        assert.notEqual(names.hide(`${name}x`), hidden);
      },
    ),
  );
  assert.equal(names.show("00".repeat(48)), undefined);
  assert.equal(names.show("no/hex"), undefined);
});

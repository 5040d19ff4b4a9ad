import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { putImage, readFiles } from "../../../test/support/image-of-files.ts";
import { SharedStore } from "../../../test/support/shared-store.ts";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { signImageName } from "../signatures/image-signature.ts";
import { putSignature } from "../signatures/stored-signatures.ts";
import { listImageNames } from "../store/image-names.ts";
import type { ImageStore } from "../store/image-store.ts";
import { copyImages, type CopyResult } from "./copy-images.ts";

const files = { a: "large ".repeat(2000), b: "small ".repeat(20) };

async function copyAll(source: ImageStore, target: ImageStore, taken: number[] = []): Promise<CopyResult> {
  return await copyImages(source, target, await listImageNames(source.blobs), {
    onProgress: () => undefined,
    take: async (bytes) => void taken.push(bytes),
  });
}

test("copyImages() asks before each block, and counts what it copied and what was there", async (t) => {
  const source = await new SharedStore(t).open(1);
  const target = await new SharedStore(t).open(1);
  const { image } = await putImage(source, files);
  const taken: number[] = [];
  const first = await copyAll(source, target, taken);
  assert.equal(first.copiedBlocks, taken.length);
  assert.equal(
    first.copiedBytes,
    taken.reduce((sum, bytes) => sum + bytes, 0),
  );
  assert.deepEqual(await readFiles(target, image), files);
  assert.deepEqual(await copyAll(source, target, taken), {
    copied: [],
    present: first.copied,
    copiedBlocks: 0,
    copiedBytes: 0,
    presentBytes: first.copiedBytes,
  });
});

test("copyImages() stops where it may send no more, and goes on with what had come over", async (t) => {
  const source = await new SharedStore(t).open(1);
  const shared = new SharedStore(t);
  const target = await shared.open(1);
  const { image } = await putImage(source, files);
  const names = await listImageNames(source.blobs);
  const stop = new RangeError("no more");
  let left = 2;
  const take = (): Promise<void> => (left-- > 0 ? Promise.resolve() : Promise.reject(stop));
  await assert.rejects(copyImages(source, target, names, { onProgress: () => undefined, take }), stop);
  assert.deepEqual([shared.keys("names/"), shared.keys("images/")], [[], []]);
  await copyAll(source, target);
  assert.deepEqual(await readFiles(target, image), files);
});

test("copyImages() gives no names, when what arrived is not what was sent", async (t) => {
  const source = await new SharedStore(t).open(1);
  await putImage(source, files);
  const shared = new SharedStore(t);
  const faulty: BlobStore = {
    ...shared.blobs,
    put(key, parts) {
      const bytes = Buffer.concat(parts);
      if (key.startsWith("packs/")) bytes[20] = (bytes[20] ?? 0) ^ 1;
      return shared.blobs.put(key, [bytes]);
    },
  };
  const target = await shared.open(1, "here", faulty);
  await assert.rejects(copyAll(source, target), { code: "OBJECT_DAMAGED" });
  assert.deepEqual(shared.keys("names/"), []);
});

test("copyImages() refuses an image with a damaged signature, and copies sound ones", async (t) => {
  const shared = new SharedStore(t);
  const source = await shared.open(1);
  const target = new SharedStore(t);
  const opened = await target.open(1);
  const name = await putImage(source, files);
  const { privateKey } = generateKeyPairSync("ed25519");
  await putSignature(source.blobs, signImageName(privateKey, name));
  const [key = ""] = shared.keys("signatures/");
  const sound = shared.objects.get(key) ?? assert.fail();
  shared.change(key, (bytes) => bytes.subarray(0, 80));
  await assert.rejects(copyAll(source, opened), { code: "OBJECT_DAMAGED", object: key });
  assert.deepEqual(target.keys("names/"), []);
  shared.objects.set(key, sound);
  await copyAll(source, opened);
  assert.deepEqual(target.objects.get(key), sound);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChunkId } from "../../core/tree/entry.ts";
import { putImage } from "../../../test/support/image-of-files.ts";
import { SharedStore } from "../../../test/support/shared-store.ts";
import { sha256 } from "../chunker/decode-block.ts";
import { ObjectDamagedError, ObjectMissingError } from "../errors.ts";
import type { ImageStore } from "./image-store.ts";

const idOf = (content: string): ChunkId => sha256(Buffer.from(content)).toString("hex") as ChunkId;

async function fill(shared: SharedStore, ...contents: readonly string[]): Promise<ImageStore> {
  const store = await shared.open(1);
  await putImage(store, Object.fromEntries(contents.map((content, at) => [`file${at}`, content])));
  return store;
}

test("readChunk() reads a chunk and holds it against its name", async (t) => {
  const shared = new SharedStore(t);
  const { chunks } = await fill(shared, "first content", "second content");
  assert.equal((await chunks.readChunk(idOf("second content"), 14)).toString(), "second content");
  const [key = ""] = shared.keys("packs/");
  shared.change(key, (bytes) => bytes.fill(0x41, bytes.indexOf("second"), bytes.indexOf("second") + 1));
  await assert.rejects(chunks.readChunk(idOf("second content"), 14), ObjectDamagedError);
  assert.equal((await chunks.readChunk(idOf("first content"), 13)).toString(), "first content");
});

test("locate() finds no chunk of another length, and none that is not there", async (t) => {
  const { chunks } = await fill(new SharedStore(t), "first content");
  assert.throws(() => chunks.locate(idOf("first content"), 12), ObjectMissingError);
  assert.throws(() => chunks.locate(idOf("other"), 5), ObjectMissingError);
  assert.throws(() => chunks.block(99), ObjectMissingError);
});

test("readStored() reads neighbours in a pack in one go, whatever order they are asked for in", async (t) => {
  const shared = new SharedStore(t);
  const contents = Array.from({ length: 12 }, (_, at) => `content ${at}`);
  await fill(shared, ...contents);
  const reads: number[] = [];
  const store = await shared.open(2, "here", {
    ...shared.blobs,
    get(key, range) {
      if (key.startsWith("packs/")) reads.push(range?.lengthBytes ?? 0);
      return shared.blobs.get(key, range);
    },
  });
  await store.refresh();
  const blocks = contents.map((content) =>
    store.chunks.block(store.chunks.locate(idOf(content), content.length).block),
  );
  reads.length = 0;
  const stored = await store.chunks.readStored([...blocks.slice(6), ...blocks.slice(0, 6)]);
  assert.deepEqual(
    blocks.map(({ block }) => stored.get(block)?.toString()),
    contents,
  );
  assert.deepEqual(reads, [contents.join("").length]);
  reads.length = 0;
  await store.chunks.readStored([0, 1, 3, 4, 9].map((at) => blocks[at]!));
  assert.deepEqual(reads, [18, 18, 9]);
});

test("readStored() says which pack is gone, or cut off", async (t) => {
  const shared = new SharedStore(t);
  const { chunks } = await fill(shared, "first content");
  const block = chunks.block(chunks.locate(idOf("first content"), 13).block);
  const [key = ""] = shared.keys("packs/");
  shared.change(key, (bytes) => bytes.subarray(0, 15));
  await assert.rejects(
    chunks.readStored([block]),
    (error) => error instanceof ObjectDamagedError && error.object === key,
  );
  shared.objects.delete(key);
  await assert.rejects(
    chunks.readStored([block]),
    (error) => error instanceof ObjectMissingError && error.object === key,
  );
});

test("readChunk() looks anew, when the pack it knew is gone and another one holds the chunk", async (t) => {
  const shared = new SharedStore(t);
  const store = await fill(shared, "first content");
  const [old = ""] = shared.keys("packs/");
  const other = await shared.open(2, "elsewhere");
  shared.objects.delete(old);
  await putImage(other, { again: "first content" });
  assert.equal((await store.chunks.readChunk(idOf("first content"), 13)).toString(), "first content");
  for (const key of shared.keys("packs/")) shared.objects.delete(key);
  await assert.rejects(store.chunks.readChunk(idOf("first content"), 13), ObjectMissingError);
});

test("retryFresh() tries once more when something is missing, and only then", async (t) => {
  const { chunks } = await fill(new SharedStore(t), "x");
  let tries = 0;
  const failing = (error: Error) => async (): Promise<never> => {
    tries += 1;
    throw error;
  };
  await assert.rejects(chunks.retryFresh(failing(new ObjectMissingError("x"))), ObjectMissingError);
  assert.equal(tries, 2);
  await assert.rejects(chunks.retryFresh(failing(new ObjectDamagedError("x", "y"))), ObjectDamagedError);
  assert.equal(tries, 3);
});

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test, type TestContext } from "node:test";
import { memoryDirectory } from "../../../test/support/memory-directory.ts";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { memoryBlobStore } from "../blob-store/memory-blob-store.ts";
import { ChunkIndex } from "../chunk-index/chunk-index.ts";
import { sha256 } from "../chunker/decode-block.ts";
import { FormatInvalidError, ObjectMissingError } from "../errors.ts";
import type { EncodedBlock, PackId } from "../format/pack.ts";
import { packKey, packOfKey, readPackFooter } from "./pack-reader.ts";
import { PackWriter } from "./pack-writer.ts";

/** A block of chunks of these bytes. */
function blockOf(...chunks: readonly Buffer[]): EncodedBlock {
  const stored = Uint8Array.from(Buffer.concat(chunks));
  return {
    id: sha256(stored),
    codec: 0,
    stored,
    plainBytes: stored.length,
    chunkIds: Buffer.concat(chunks.map((chunk) => sha256(chunk))),
    chunkLengths: Uint32Array.from(chunks, ({ length }) => length),
  };
}

function openIndex(t: TestContext): ChunkIndex {
  const index = ChunkIndex.open(`${memoryDirectory(t)}/chunks.sqlite`);
  t.after(() => index[Symbol.dispose]());
  return index;
}

test("PackWriter puts blocks into a pack that its footer describes, and into the index", async (t) => {
  const blobs = memoryBlobStore();
  const index = openIndex(t);
  const writer = new PackWriter(blobs, index);
  const [first, second, third] = [Buffer.from("first"), Buffer.from("second"), randomBytes(70_000)];
  await writer.add(blockOf(first, second));
  await writer.add(blockOf(third));
  assert.deepEqual([...blobs.objects.keys()], []);
  await writer.flush();
  const [pack] = writer.packs as [PackId];
  const bytes = blobs.objects.get(packKey(pack))!;
  assert.deepEqual([writer.packs.length, writer.storedBytes, writer.plainBytes], [1, 70_011, 70_011]);
  const blocks = await readPackFooter(blobs, pack, bytes.length);
  assert.deepEqual(
    blocks.map(({ offset, storedBytes, chunkLengths }) => [offset, storedBytes, [...chunkLengths]]),
    [
      [8, 11, [5, 6]],
      [19, 70_000, [70_000]],
    ],
  );
  assert.ok(bytes.subarray(19, 70_019).equals(third));
  assert.deepEqual(index.packs(), new Map([[pack, { sizeBytes: bytes.length }]]));
  for (const chunk of [first, second, third]) assert.ok(index.has(sha256(chunk)));
});

test("PackWriter puts nothing, when there is nothing", async (t) => {
  const blobs = memoryBlobStore();
  const writer = new PackWriter(blobs, openIndex(t));
  await writer.flush();
  await writer.flush();
  assert.deepEqual([[...blobs.objects.keys()], writer.packs], [[], []]);
});

test("PackWriter begins a new pack at about 16 MiB", async (t) => {
  const blobs = memoryBlobStore();
  const writer = new PackWriter(blobs, openIndex(t));
  for (let count = 0; count < 20; count++) await writer.add(blockOf(randomBytes(1024 * 1024)));
  await writer.flush();
  const sizes = [...blobs.objects.values()].map(({ length }) => length >> 20);
  assert.deepEqual(new Set(sizes), new Set([16, 4]));
});

test("PackWriter gives packs of the same blocks names that differ", async (t) => {
  const blobs = memoryBlobStore();
  const index = openIndex(t);
  const names: string[] = [];
  for (let round = 0; round < 2; round++) {
    const writer = new PackWriter(blobs, index);
    await writer.add(blockOf(Buffer.from("the same")));
    await writer.flush();
    names.push(...writer.packs);
  }
  assert.equal(new Set(names).size, 2);
  assert.equal(blobs.objects.size, 2);
});

test("PackWriter has a pack in the index only once it was put", async (t) => {
  const memory = memoryBlobStore();
  const index = openIndex(t);
  const blobs: BlobStore = {
    ...memory,
    async put(key, parts) {
      assert.equal(index.isEmpty, true);
      await new Promise((resolve) => void setImmediate(resolve));
      assert.equal(index.isEmpty, true);
      return await memory.put(key, parts);
    },
  };
  const writer = new PackWriter(blobs, index);
  await writer.add(blockOf(Buffer.from("x")));
  await writer.flush();
  assert.equal(index.isEmpty, false);
});

test("PackWriter has one pack on its way, and waits in add() while the next one is full", async (t) => {
  const memory = memoryBlobStore();
  let underWay = 0;
  let most = 0;
  const blobs: BlobStore = {
    ...memory,
    async put(key, parts) {
      most = Math.max(most, ++underWay);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => void setImmediate(resolve));
      underWay -= 1;
      return await memory.put(key, parts);
    },
  };
  const writer = new PackWriter(blobs, openIndex(t));
  for (let count = 0; count < 16 * 5; count++) await writer.add(blockOf(randomBytes(1024 * 1024)));
  await writer.flush();
  assert.deepEqual([most, writer.packs.length], [1, 5]);
});

test("PackWriter throws the failure of a put at the next call, and puts nothing more", async (t) => {
  const full = new Error("disk full");
  const memory = memoryBlobStore();
  const writer = new PackWriter({ ...memory, put: () => Promise.reject(full) }, openIndex(t));
  await writer.add(blockOf(Buffer.from("x")));
  await assert.rejects(writer.flush(), full);
  await writer.add(blockOf(Buffer.from("y")));
  await assert.rejects(writer.flush(), full);
  assert.deepEqual(writer.packs, []);
});

test("PackWriter leaves alone the memory of blocks that share it with others", async (t) => {
  const memory = Buffer.allocUnsafeSlow(2000).fill("shared ");
  const before = memory.toString();
  const writer = new PackWriter(memoryBlobStore(), openIndex(t));
  for (const stored of [memory.subarray(0, 1000), memory.subarray(1000)])
    await writer.add({ ...blockOf(Buffer.from(stored)), stored });
  await writer.flush();
  assert.equal(memory.toString(), before);
});

test("readPackFooter() reads footers of any length", async (t) => {
  const blobs = memoryBlobStore();
  const writer = new PackWriter(blobs, openIndex(t));
  for (let count = 0; count < 3000; count++) await writer.add(blockOf(Buffer.from(`${count}`)));
  await writer.flush();
  const [pack] = writer.packs as [PackId];
  const sizeBytes = blobs.objects.get(packKey(pack))?.length ?? 0;
  assert.equal((await readPackFooter(blobs, pack, sizeBytes)).length, 3000);
});

test("readPackFooter() refuses a pack that is not what its name says, and says when there is none", async (t) => {
  const blobs = memoryBlobStore();
  const writer = new PackWriter(blobs, openIndex(t));
  await writer.add(blockOf(Buffer.from("some bytes")));
  await writer.flush();
  const [pack] = writer.packs as [PackId];
  const bytes = blobs.objects.get(packKey(pack))!;
  const reads = (changed: Buffer): Promise<unknown> => {
    blobs.objects.set(packKey(pack), changed);
    return readPackFooter(blobs, pack, changed.length);
  };
  for (const length of [0, 1, 40, bytes.length - 1])
    await assert.rejects(reads(bytes.subarray(0, length)), FormatInvalidError);
  await assert.rejects(reads(Buffer.concat([bytes, Buffer.alloc(1)])), FormatInvalidError);
  await assert.rejects(
    reads(Buffer.concat([bytes.subarray(0, 8), Buffer.alloc(1), bytes.subarray(8)])),
    FormatInvalidError,
  );
  blobs.objects.delete(packKey(pack));
  await assert.rejects(readPackFooter(blobs, pack, bytes.length), ObjectMissingError);
});

test("packOfKey() knows the keys of packs, and no others", () => {
  const pack = "ab".repeat(32) as PackId;
  assert.equal(packOfKey(packKey(pack)), pack);
  for (const key of [
    `packs/ac/${pack}`,
    `packs/ab/${pack}0`,
    `packs/${pack}`,
    `packs/ab/x`,
    `x/packs/ab/${pack}`,
    "packs/",
  ])
    assert.equal(packOfKey(key), undefined, key);
});

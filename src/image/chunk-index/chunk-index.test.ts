import assert from "node:assert/strict";
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { memoryDirectory } from "../../../test/support/memory-directory.ts";
import { sha256 } from "../chunker/decode-block.ts";
import { IndexDamagedError } from "../errors.ts";
import type { BlockEntry, BlockId, PackId } from "../format/pack.ts";
import { ChunkIndex } from "./chunk-index.ts";

const [packA, packB, packC] = ["a".repeat(64), "b".repeat(64), "c".repeat(64)] as [PackId, PackId, PackId];
const idOf = (chunk: string): Buffer => sha256(Buffer.from(chunk));

/** A block of these chunks, at `offset` of its pack. */
function blockOf(offset: number, ...chunks: readonly string[]): BlockEntry {
  const joined = Buffer.from(chunks.join(""));
  return {
    id: sha256(joined).toString("hex") as BlockId,
    codec: 1,
    offset,
    storedBytes: 7,
    plainBytes: joined.length,
    chunkIds: Buffer.concat(chunks.map(idOf)),
    chunkLengths: Uint32Array.from(chunks, ({ length }) => length),
  };
}

function place(t: TestContext): string {
  return `${memoryDirectory(t)}/deep/chunks.sqlite`;
}

function open(t: TestContext, path: string): ChunkIndex {
  const index = ChunkIndex.open(path);
  t.after(() => index[Symbol.dispose]());
  return index;
}

test("ChunkIndex finds what packs hold", (t) => {
  const index = open(t, place(t));
  assert.deepEqual([index.isEmpty, index.lastBlock, index.totals()], [true, 0, { chunks: 0, plainBytes: 0 }]);
  index.addPack(packA, 100, [blockOf(8, "one", "three"), blockOf(15, "seven77")]);
  assert.deepEqual([index.isEmpty, index.lastBlock, index.totals()], [false, 2, { chunks: 3, plainBytes: 15 }]);
  assert.deepEqual(index.packs(), new Map([[packA, { sizeBytes: 100 }]]));
  assert.ok(index.has(idOf("three")) && !index.has(idOf("four")));
  assert.equal(index.find(idOf("four")), undefined);
  const location = index.find(idOf("three"));
  assert.deepEqual(location, { block: 1, offset: 3, lengthBytes: 5 });
  const { chunkIds: _ids, chunkLengths: _lengths, id, ...block } = blockOf(8, "one", "three");
  assert.deepEqual(index.block(1), { ...block, block: 1, blockId: id, pack: packA });
  assert.equal(index.block(3), undefined);
  assert.deepEqual(index.blocksOf(packA), [
    { block: 1, storedBytes: 7, plainBytes: 8 },
    { block: 2, storedBytes: 7, plainBytes: 7 },
  ]);
  assert.deepEqual(index.blocksOf(packB), []);
});

test("addPack() takes a pack in once", (t) => {
  const index = open(t, place(t));
  index.addPack(packA, 100, [blockOf(8, "one")]);
  index.addPack(packA, 200, [blockOf(8, "other")]);
  assert.deepEqual(index.packs(), new Map([[packA, { sizeBytes: 100 }]]));
  assert.ok(!index.has(idOf("other")));
});

test("addPack() takes a pack in whole or not at all", (t) => {
  const index = open(t, place(t));
  const broken = { ...blockOf(15, "two"), storedBytes: undefined as unknown as number };
  assert.throws(() => index.addPack(packA, 100, [blockOf(8, "one"), broken]));
  assert.ok(index.isEmpty && !index.has(idOf("one")));
  index.addPack(packA, 100, [blockOf(8, "one")]);
  assert.ok(index.has(idOf("one")));
});

test("removePacks() forgets packs and what only they hold, and numbers are not used again", (t) => {
  const index = open(t, place(t));
  index.addPack(packA, 100, [blockOf(8, "one"), blockOf(15, "two")]);
  index.addPack(packB, 200, [blockOf(8, "two"), blockOf(15, "three")]);
  index.removePacks([packA, packC]);
  assert.deepEqual([...index.packs().keys()], [packB]);
  assert.ok(!index.has(idOf("one")) && index.has(idOf("two")) && index.has(idOf("three")));
  assert.equal(index.block(index.find(idOf("two"))?.block ?? 0)?.pack, packB);
  index.removePacks([packB]);
  assert.ok(index.isEmpty);
  index.addPack(packA, 100, [blockOf(8, "one")]);
  assert.equal(index.lastBlock, 5);
  index.removePacks([]);
  assert.ok(index.has(idOf("one")));
});

test("totals() counts a chunk once, however many packs hold it", (t) => {
  const index = open(t, place(t));
  index.addPack(packA, 100, [blockOf(8, "one", "three")]);
  index.addPack(packB, 100, [blockOf(8, "three"), blockOf(15, "three", "five")]);
  assert.deepEqual(index.totals(), { chunks: 3, plainBytes: 12 });
});

test("has() does not count condemned packs, and find() takes one only where there is no other", (t) => {
  const index = open(t, place(t));
  index.addPack(packA, 100, [blockOf(8, "both"), blockOf(15, "first")]);
  index.addPack(packB, 100, [blockOf(8, "both"), blockOf(15, "second")]);
  const packOf = (chunk: string): PackId | undefined => index.block(index.find(idOf(chunk))?.block ?? 0)?.pack;
  index.setCondemned([packA, packC]);
  assert.deepEqual(
    ["both", "first", "second"].map((chunk) => index.has(idOf(chunk))),
    [true, false, true],
  );
  assert.deepEqual(["both", "first", "second"].map(packOf), [packB, packA, packB]);
  index.setCondemned([packA, packB]);
  assert.ok(!index.has(idOf("both")));
  index.setCondemned([packB]);
  assert.deepEqual([index.has(idOf("second")), packOf("both")], [false, packA]);
  index.setCondemned([]);
  assert.ok(index.has(idOf("second")));
});

test("find() takes the same of several copies on every host, in whatever order they came", (t) => {
  for (const order of [
    [packA, packB, packC],
    [packC, packB, packA],
    [packB, packC, packA],
  ]) {
    const index = open(t, place(t));
    for (const pack of order) index.addPack(pack, 100, [blockOf(8, "copy")]);
    const packOf = (): PackId | undefined => index.block(index.find(idOf("copy"))?.block ?? 0)?.pack;
    assert.equal(packOf(), packA);
    index.setCondemned([packA]);
    assert.equal(packOf(), packB);
    index.setCondemned([packA, packB, packC]);
    assert.equal(packOf(), packA);
  }
});

test("ChunkIndex is shared by all that have it open, but for what is condemned", (t) => {
  const path = place(t);
  const [one, two] = [open(t, path), open(t, path)];
  one.addPack(packA, 100, [blockOf(8, "one")]);
  assert.ok(two.has(idOf("one")));
  one.setCondemned([packA]);
  assert.ok(!one.has(idOf("one")) && two.has(idOf("one")));
  two.removePacks([packA]);
  assert.equal(one.find(idOf("one")), undefined);
});

test("ChunkIndex.open() makes it anew, when it is absent, no database, cut off or of another version", (t) => {
  const path = place(t);
  const fill = (): void => {
    using index = ChunkIndex.open(path);
    index.addPack(packA, 100, [blockOf(8, "one")]);
  };
  const breaks: readonly (() => void)[] = [
    () => rmSync(path),
    () => writeFileSync(path, ""),
    () => writeFileSync(path, "this is no database".repeat(100)),
    () => writeFileSync(path, readFileSync(path).subarray(0, 700)),
    () => {
      using database = new DatabaseSync(path);
      database.exec("PRAGMA user_version = 2");
    },
    () => {
      using database = new DatabaseSync(path);
      database.exec("DROP TABLE chunk");
    },
  ];
  for (const [at, damage] of breaks.entries()) {
    fill();
    damage();
    {
      using index = ChunkIndex.open(path);
      assert.ok(index.isEmpty, `break ${at}`);
      index.addPack(packB, 100, [blockOf(8, "two")]);
      assert.ok(index.has(idOf("two")));
    }
    rmSync(path);
  }
});

test("ChunkIndex keeps what it has, when it is closed and opened", (t) => {
  const path = place(t);
  {
    using index = ChunkIndex.open(path);
    index.addPack(packA, 100, [blockOf(8, "one")]);
  }
  assert.ok(open(t, path).has(idOf("one")));
});

test("ChunkIndex is removed and says so, when it is found damaged, so that the next one is made anew", (t) => {
  const path = place(t);
  const chunks = Array.from({ length: 4000 }, (_, at) => `chunk ${at}`);
  {
    using index = ChunkIndex.open(path);
    index.addPack(packA, 100, [blockOf(8, ...chunks)]);
  }
  const file = openSync(path, "r+");
  for (let at = 8192; at < statSync(path).size; at += 4096) writeSync(file, Buffer.alloc(512, 0xff), 0, 512, at);
  closeSync(file);
  const index = open(t, path);
  assert.throws(() => chunks.forEach((chunk) => index.has(idOf(chunk))), IndexDamagedError);
  assert.ok(!existsSync(path));
  assert.ok(open(t, path).isEmpty);
});

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { TreePath } from "../../core/tree/byte-string.ts";
import type { Entry, Piece } from "../../core/tree/entry.ts";
import type { ChunkId } from "../../core/tree/entry.ts";
import { linuxTreeReader } from "../../host/tree/linux-tree-reader.ts";
import { sha256 } from "../../image/chunker/decode-block.ts";
import { someMetadata } from "../../../test/support/some-metadata.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { TreeComparison } from "./compare-tree.ts";
import { EntrySet } from "./entry-set.ts";
import { FileChecker } from "./file-check.ts";
import { RollingCheck } from "./rolling-check.ts";

const pieceOf = (bytes: Buffer): Piece => ({
  kind: "chunk",
  id: sha256(bytes).toString("hex") as ChunkId,
  lengthBytes: bytes.length,
});

const entryOf = (path: string, ...parts: Buffer[]): Entry & { kind: "file" } => ({
  ...someMetadata(),
  kind: "file",
  path: path as TreePath,
  sizeBytes: parts.reduce((sum, { length }) => sum + length, 0),
  pieces: parts.map(pieceOf),
});

test("RollingCheck marks what it has read back and found right, and nothing else", async (context) => {
  const root = temporaryDirectory(context);
  await mkdir(join(root, "a/b"), { recursive: true });
  const [one, two] = [Buffer.from("one"), Buffer.from("two")];
  writeFileSync(join(root, "whole"), one);
  writeFileSync(join(root, "a/b/parts"), Buffer.concat([one, two]));
  writeFileSync(join(root, "a/wrong"), two);
  writeFileSync(join(root, "a/half"), Buffer.concat([one, two]));
  const tree = linuxTreeReader();
  const checker = new FileChecker(tree);
  let synced = 0;
  await using rolling = new RollingCheck({
    tree,
    root,
    pool: { room: () => Promise.resolve(), run: (batch) => Promise.resolve(checker.checkBatch(batch)) },
    sync: () => Promise.resolve(void (synced += 1)),
    restMs: 10,
  });
  const parts = entryOf("a/b/parts", one, two);
  const half = entryOf("a/half", one, two);
  rolling.wrote({ number: 1, entry: entryOf("whole", one), pieces: [pieceOf(one)], start: 0 });
  rolling.wrote({ number: 2, entry: parts, pieces: [pieceOf(two)], start: 3 });
  rolling.wrote({ number: 2, entry: parts, pieces: [pieceOf(one)], start: 0 });
  rolling.wrote({ number: 3, entry: entryOf("a/wrong", one), pieces: [pieceOf(one)], start: 0 });
  rolling.wrote({ number: 90_000, entry: half, pieces: [pieceOf(one)], start: 0 });
  while (!rolling.checked.has(2)) await sleep(20);
  await rolling.end();
  assert.deepEqual(
    [1, 2, 3, 90_000].filter((number) => rolling.checked.has(number)),
    [1, 2],
  );
  assert.equal(synced, 1, "nothing is read back before it is durable");
});

test("RollingCheck leaves to the comparison what is not there", async (context) => {
  const root = join(temporaryDirectory(context), "absent");
  const tree = linuxTreeReader();
  await using rolling = new RollingCheck({
    tree,
    root,
    pool: { room: () => Promise.resolve(), run: () => Promise.reject(new TypeError("not to be reached")) },
    sync: () => Promise.resolve(),
    restMs: 1,
  });
  rolling.wrote({ number: 0, entry: entryOf("file", Buffer.from("x")), pieces: [pieceOf(Buffer.from("x"))], start: 0 });
  await sleep(50);
  await rolling.end();
  assert.equal(rolling.checked.has(0), false);
});

test("TreeComparison does not read again what was checked, and all else", async (context) => {
  const root = temporaryDirectory(context);
  for (const name of ["a", "b"]) writeFileSync(join(root, name), "new");
  const tree = linuxTreeReader();
  const checker = new FileChecker(tree);
  const entries = async function* (): AsyncGenerator<Entry> {
    yield { ...someMetadata(), kind: "directory", path: "" as TreePath };
    yield* ["a", "b"].map((name) => entryOf(name, Buffer.from("old")));
  };
  const checked = new EntrySet();
  checked.add(1);
  const comparison = new TreeComparison({
    tree,
    root,
    pool: { room: () => Promise.resolve(), run: (batch) => Promise.resolve(checker.checkBatch(batch)) },
    entries: entries(),
    ignore: new Set(),
    leftOut: new Set(),
    fromDevice: false,
    checked,
    onProgress: () => undefined,
    totalBytes: 6,
    totalItems: 3,
    signal: undefined,
  });
  const changed = new Set<string>();
  for await (const { path, aspects } of comparison.run()) if (aspects.includes("content")) changed.add(path);
  assert.deepEqual([...changed], ["b"]);
});

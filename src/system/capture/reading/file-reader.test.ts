import assert from "node:assert/strict";
import { appendFileSync, closeSync, openSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { randomNumbers } from "../../../../test/support/seed.ts";
import { temporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import type { ByteString } from "../../../core/tree/byte-string.ts";
import type { Entry } from "../../../core/tree/entry.ts";
import type { TreeReader } from "../../../core/tree/tree-reader.ts";
import { linuxTreeReader } from "../../../host/tree/linux-tree-reader.ts";
import { errnoNameOf } from "../../../host/system-call-error.ts";
import { BlockBuilder } from "../../../image/chunker/block-builder.ts";
import { ClaimTable } from "../../../image/chunker/claim-table.ts";
import { cutParameters } from "../../../image/chunker/cut.ts";
import { decodeBlock, sha256 } from "../../../image/chunker/decode-block.ts";
import { ByteReader } from "../../../image/format/byte-reader.ts";
import { readBody } from "../../../image/format/record.ts";
import type { FileBatchResult } from "./file-batch.ts";
import { FileReader } from "./file-reader.ts";

const name = "file" as ByteString;

interface Ground {
  readonly path: string;
  readonly directory: number;
}

function ground(context: TestContext, content: Uint8Array | string): Ground {
  const folder = temporaryDirectory(context);
  const path = join(folder, "file");
  writeFileSync(path, content);
  const directory = openSync(folder, "r");
  context.after(() => closeSync(directory));
  return { path, directory };
}

/** Reads the file once as a worker would; `changes` replaces calls of the tree. */
function readOnce(
  { directory }: Ground,
  changes: (tree: TreeReader) => Partial<TreeReader> = () => ({}),
  { redact = false, part = "whole" }: { readonly redact?: boolean; readonly part?: "whole" | "empty" } = {},
): FileBatchResult {
  const own = linuxTreeReader();
  const stat = own.stat(directory, name);
  return readerOf({ ...own, ...changes(own) }, redact).readBatch({ items: [{ part, directory, name, stat }] });
}

function readerOf(tree: TreeReader, redact: boolean): FileReader {
  return new FileReader({
    tree,
    claims: new ClaimTable(ClaimTable.allocate(1024)),
    known: { has: () => false },
    storeWasEmpty: true,
    blocks: new BlockBuilder({ level: 1 }, cutParameters.maxBytes),
    ownerShift: 0,
    redact,
    isVanished: (error) => ["ENOENT", "ELOOP", "ENXIO"].includes(errnoNameOf(error) ?? ""),
  });
}

function entryOf({ bytes }: FileBatchResult): Entry & { kind: "file" } {
  return readBody(new ByteReader(bytes, "test"), name) as Entry & { kind: "file" };
}

/** Puts the content of a file together from its pieces and the blocks that came with it. */
function contentOf(result: FileBatchResult): Buffer {
  const chunks = new Map<string, Buffer>();
  for (const block of result.blocks) {
    const plain = decodeBlock(block.stored, block.codec, block.plainBytes, "block");
    let offset = 0;
    for (const length of block.chunkLengths) {
      const chunk = plain.subarray(offset, offset + length);
      chunks.set(sha256(chunk).toString("hex"), chunk);
      offset += length;
    }
  }
  return Buffer.concat(
    entryOf(result).pieces.map((piece) =>
      piece.kind === "hole" ? Buffer.alloc(piece.lengthBytes) : (chunks.get(piece.id) ?? Buffer.alloc(0)),
    ),
  );
}

function noise(length: number): Buffer {
  const random = randomNumbers(length);
  return Buffer.from(Uint32Array.from({ length: Math.ceil(length / 4) }, () => random() * 2 ** 32).buffer, 0, length);
}

test("FileReader gives back files of any length", (context) => {
  for (const length of [
    0,
    1,
    4096,
    cutParameters.minBytes,
    cutParameters.minBytes + 1,
    cutParameters.maxBytes,
    5_000_001,
  ]) {
    const content = noise(length);
    const result = readOnce(ground(context, content));
    assert.deepEqual(
      result.outcomes.map(({ kind }) => kind),
      ["read"],
    );
    assert.ok(contentOf(result).equals(content), `${length} bytes`);
    for (const piece of entryOf(result).pieces) assert.ok(piece.lengthBytes <= cutParameters.maxBytes);
  }
});

test("FileReader keeps holes as holes, at the start, in the middle and at the end", (context) => {
  const own = ground(context, "");
  truncateSync(own.path, 3_000_000);
  const file = openSync(own.path, "r+");
  for (const offset of [409_600, 1_228_800]) writeSync(file, noise(8192), 0, 8192, offset);
  closeSync(file);
  const result = readOnce(own);
  const content = contentOf(result);
  assert.equal(content.length, 3_000_000);
  const entry = entryOf(result);
  assert.ok(entry.pieces.filter(({ kind }) => kind === "hole").length >= 2);
  const [outcome] = result.outcomes;
  assert.ok(outcome?.kind === "read" && outcome.dataBytes < 100_000);
  assert.equal(statSync(own.path).size, entry.sizeBytes);
});

test("FileReader reads a file again that changes under it, and calls it unstable when it never rests", (context) => {
  const own = ground(context, noise(300_000));
  let reads = 0;
  const result = readOnce(own, (tree) => ({
    read(...words) {
      reads += 1;
      appendFileSync(own.path, "more");
      return tree.read(...words);
    },
  }));
  const [outcome] = result.outcomes;
  assert.ok(outcome?.kind === "read" && outcome.unstable && !outcome.asWalked);
  assert.ok(reads >= 4);
  assert.equal(contentOf(result).length, entryOf(result).sizeBytes, "what is kept is whole in itself");
});

test("FileReader takes a file as stable that changed once and then rested", (context) => {
  const own = ground(context, "first content");
  let reads = 0;
  const result = readOnce(own, (tree) => ({
    read(...words) {
      if (++reads === 1) writeFileSync(own.path, "second content, longer");
      return tree.read(...words);
    },
  }));
  const [outcome] = result.outcomes;
  assert.ok(
    outcome?.kind === "read" && !outcome.unstable && !outcome.asWalked,
    "not as the walk saw it, so no cache may keep it",
  );
  assert.equal(contentOf(result).toString(), "second content, longer");
});

test("FileReader fills with a hole what a file lost while it was read", (context) => {
  const own = ground(context, noise(600_000));
  let reads = 0;
  const result = readOnce(own, (tree) => ({
    read(...words) {
      reads += 1;
      truncateSync(own.path, 100_000 + (reads % 2));
      return tree.read(...words);
    },
  }));
  const entry = entryOf(result);
  assert.equal(
    entry.pieces.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0),
    entry.sizeBytes,
  );
});

test("FileReader says of a file that is gone, or no file any more, that it vanished", (context) => {
  const own = ground(context, "content");
  const gone = readOnce(own, (tree) => ({
    openFile(...words) {
      rmSync(own.path, { force: true });
      return tree.openFile(...words);
    },
  }));
  assert.deepEqual(gone.outcomes, [{ kind: "vanished", end: 0 }]);
  assert.deepEqual(gone.blocks, []);
});

test("FileReader says of a file that has grown beyond a span that it must be read in parts", (context) => {
  const own = ground(context, "content");
  const grown = readOnce(own, (tree) => ({
    openFile(...words) {
      truncateSync(own.path, cutParameters.spanBytes + 1);
      return tree.openFile(...words);
    },
  }));
  assert.deepEqual(
    grown.outcomes.map(({ kind }) => kind),
    ["grown"],
  );
});

const key = `-----BEGIN PRIVATE KEY-----\n${"A".repeat(64)}\n-----END PRIVATE KEY-----\n`;

function assertEmptied(result: FileBatchResult, path: string): void {
  const { mode, mtimeMs } = statSync(path);
  const entry = entryOf(result);
  assert.deepEqual([entry.sizeBytes, entry.pieces, result.blocks], [0, [], []]);
  assert.deepEqual([entry.mode, entry.mtimeSec], [mode & 0o7777, Math.floor(mtimeMs / 1000)]);
}

test("FileReader makes an empty file of what shows a secret, where that is asked for", (context) => {
  for (const content of [key, `${"x".repeat(200_000)}\n${key}`, Buffer.concat([Buffer.from(key), noise(3_000_000)])]) {
    const own = ground(context, content);
    const kept = readOnce(own);
    assert.equal(contentOf(kept).length, content.length);
    assert.ok(kept.outcomes[0]?.kind === "read" && kept.outcomes[0].secret === undefined);
    const text = ground(context, Buffer.from(content).toString("hex"));
    assert.equal(contentOf(readOnce(text, undefined, { redact: true })).length, content.length * 2);
  }
  for (const content of [key, `${"x".repeat(200_000)}\n${key}`, key + "x".repeat(3_000_000)]) {
    const own = ground(context, content);
    const result = readOnce(own, undefined, { redact: true });
    assertEmptied(result, own.path);
    const [outcome] = result.outcomes;
    assert.ok(outcome?.kind === "read" && outcome.secret === "private-key" && outcome.dataBytes === 0);
  }
});

test("FileReader finds a secret behind a hole", (context) => {
  const own = ground(context, "");
  truncateSync(own.path, 1_048_576);
  appendFileSync(own.path, `\n${key}`);
  assertEmptied(readOnce(own, undefined, { redact: true }), own.path);
});

test("FileReader stores nothing of a file that becomes a secret while it is read", (context) => {
  const own = ground(context, "harmless ".repeat(20));
  let reads = 0;
  const result = readOnce(
    own,
    (tree) => ({
      read(...words) {
        if (++reads === 1) writeFileSync(own.path, key);
        return tree.read(...words);
      },
    }),
    { redact: true },
  );
  assert.ok(reads > 1);
  assertEmptied(result, own.path);
});

test("FileReader reads no content of what is to be left empty, however long it is", (context) => {
  const own = ground(context, key);
  truncateSync(own.path, cutParameters.spanBytes + 1);
  const never = (): never => assert.fail("it is not read");
  assertEmptied(
    readOnce(own, () => ({ read: never, seekData: never }), { redact: true, part: "empty" }),
    own.path,
  );
});

test("FileReader stores what comes after a secret in the same batch", (context) => {
  const [secret, plain] = [ground(context, key), ground(context, "plain")];
  const reader = readerOf(linuxTreeReader(), true);
  const items = [secret, plain, secret].map(({ directory }) => {
    const stat = linuxTreeReader().stat(directory, name);
    return { part: "whole", directory, name, stat } as const;
  });
  const { blocks } = reader.readBatch({ items });
  assert.deepEqual(
    blocks.map(({ plainBytes }) => plainBytes),
    [5],
  );
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test, type TestContext } from "node:test";
import * as fc from "fast-check";
import type { Manifest, ManifestHead } from "../../../core/manifest/manifest.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { ChunkId, Entry } from "../../../core/tree/entry.ts";
import { RehomeError } from "../../../core/errors.ts";
import { ByteWriter } from "../../../image/format/byte-writer.ts";
import { encodeManifest, encodeManifestHead } from "../../../image/format/manifest-object.ts";
import { noMetadata, writeBody } from "../../../image/format/record.ts";
import { SegmentWriter } from "../../../image/format/segment.ts";
import { encodeTopTable } from "../../../image/format/top-table.ts";
import { growingBlocks } from "../wire/frame-ranges.ts";
import { encodeIndexPart, type DirectoryEntry, type IndexItem } from "../wire/index-part.ts";
import { GrowingIndex, type Appetite } from "./growing-index.ts";
import { NodeIndex } from "./node-index.ts";

const sha = (bytes: Uint8Array | string): Buffer => createHash("sha256").update(bytes).digest();
const idOf = (bytes: Uint8Array | string): ChunkId => sha(bytes).toString("hex") as ChunkId;

const head: ManifestHead = {
  kind: "directory",
  name: "web",
  capturedAt: "2026-01-01T00:00:00.000Z",
  writtenBy: "rehome",
  facts: { kernels: [], packages: [], fileSystems: [] },
  excludes: [],
  mounts: [],
  ownerShift: 0,
};

interface Segment {
  readonly bytes: Buffer;
  readonly records: number;
  readonly firstPath: TreePath;
}

function segmentOf(entries: readonly { readonly path: string; readonly chunk?: string }[]): Segment {
  const writer = new SegmentWriter();
  const out = new ByteWriter();
  for (const { path, chunk } of entries) {
    out.reset();
    const pieces = [{ kind: "chunk" as const, id: idOf(chunk ?? ""), lengthBytes: chunk?.length ?? 0 }];
    const rest =
      chunk === undefined ? { kind: "directory" as const } : { kind: "file" as const, sizeBytes: chunk.length, pieces };
    writeBody(out, { ...noMetadata, ...rest, mode: 0o755, mtimeSec: 1, mtimeNsec: 0 });
    assert.equal(writer.add(path as TreePath, out.take()), undefined);
  }
  return writer.end() as Segment;
}

function blockOf(...chunks: readonly string[]): DirectoryEntry {
  const lengths = chunks.map(({ length }) => length);
  return {
    codec: 0,
    storedBytes: lengths.reduce((sum, each) => sum + each, 0),
    chunkIds: Buffer.concat(chunks.map(sha)),
    chunkLengths: Uint32Array.from(lengths),
  };
}

const first = segmentOf([{ path: "" }, { path: "a", chunk: "alpha" }, { path: "b", chunk: "beta" }]);
const second = segmentOf([
  { path: "c", chunk: "gamma" },
  { path: "d", chunk: "alpha" },
]);
const headItem: IndexItem = { kind: "head", totalEntries: 5, totalBytes: 14, bytes: encodeManifestHead(head) };

function tailOf(segments: readonly Segment[], change: Partial<ManifestHead> = {}): IndexItem[] {
  const table = encodeTopTable(
    segments.map(({ bytes, records, firstPath }) => ({
      id: idOf(bytes),
      lengthBytes: bytes.length,
      records,
      firstPath,
    })),
  );
  const digest = createHash("sha256");
  for (const { bytes } of segments) digest.update(sha(bytes));
  const tree = { table: [{ id: idOf(table), lengthBytes: table.length }], digest: digest.digest("hex") };
  const manifest = {
    formatVersion: 1,
    head: { ...head, ...change },
    tail: {
      tree,
      counts: { entries: 5, files: 4, bytes: 19 },
      consistency: "at-rest",
      warnings: [],
      warningCount: 0,
      durationMs: 1,
    },
  } as unknown as Manifest;
  return [
    { kind: "chunk", bytes: table },
    { kind: "manifest", bytes: encodeManifest(manifest).bytes },
  ];
}

/** What a golden node sends of this tree. */
const right: readonly (readonly IndexItem[])[] = [
  [headItem],
  [
    { kind: "directory", blocks: [blockOf("alpha", "beta")] },
    { kind: "segment", bytes: first.bytes },
  ],
  [
    { kind: "directory", blocks: [blockOf("gamma")] },
    { kind: "segment", bytes: second.bytes },
  ],
  tailOf([first, second]),
];

function open(context: Pick<TestContext, "after">, appetite: Appetite = "all") {
  const index = new NodeIndex(":memory:");
  context.after(() => index[Symbol.dispose]());
  const parts: Buffer[] = [];
  const growing = new GrowingIndex(index, (frame) => parts[frame], appetite);
  const add = (items: readonly IndexItem[], at = parts.length): void => {
    parts[at] = Buffer.concat([Buffer.alloc(64), encodeIndexPart(items)]);
  };
  return { growing, add, index };
}

const paths = async (entries: AsyncIterable<Entry>): Promise<string[]> =>
  (await Array.fromAsync(entries)).map(({ path }) => path);

test("entries come as parts do, in their order, and what is needed with them", async (context) => {
  const { growing, add } = open(context);
  const entries = growing.entries();
  add(right[0] as IndexItem[]);
  growing.advance();
  assert.deepEqual((await growing.head).totals, { bytes: 14, entries: 5 });
  // One that comes too early waits for those before it.
  add(right[2] as IndexItem[], 2);
  assert.deepEqual(growing.advance().needed.ranges, []);
  add(right[1] as IndexItem[], 1);
  const { needed, exist, absent } = growing.advance();
  assert.deepEqual(needed.ranges, [{ start: growingBlocks, end: growingBlocks + 2 }]);
  assert.deepEqual([exist, absent], [needed.ranges, []]);
  for (const path of ["", "a", "b", "c", "d"]) assert.equal((await entries.next()).value?.path, path);
  const last = entries.next();
  add(right[3] as IndexItem[]);
  assert.deepEqual(growing.advance().absent[0], { start: 4, end: growingBlocks });
  assert.equal((await last).done, true);
  assert.equal((await growing.whole).manifest.head.name, "web");
});

test("who has a part of the tree needs only what comes behind it, each block once", (context) => {
  const { growing, add } = open(context, { doneUpTo: "b" as TreePath });
  for (const items of right) add(items);
  // The block of `a` and `b` too: `d` has a chunk of it.
  const { needed } = growing.advance();
  assert.deepEqual(needed.ranges, [{ start: growingBlocks, end: growingBlocks + 2 }]);
  const none = open(context, "none");
  for (const items of right) none.add(items);
  assert.equal(none.growing.advance().needed.size, 0);
});

const wrong: Readonly<Record<string, readonly (readonly IndexItem[])[]>> = {
  "no head": right.slice(1),
  "two heads": [[headItem, headItem]],
  "a head in the middle": [...right.slice(0, 2), [headItem]],
  "a head that is none": [[{ ...headItem, bytes: Buffer.from("x") }]],
  "a chunk that no block brings": [[headItem], [{ kind: "segment", bytes: second.bytes }]],
  "a segment that is none": [[headItem], [{ kind: "segment", bytes: Buffer.alloc(50, 0xff) }]],
  "something after the manifest": [...right.slice(0, 3), [...(right[3] ?? []), ...(right[1] ?? [])]],
  "a manifest that is none": [...right.slice(0, 3), [{ kind: "manifest", bytes: Buffer.from("x") }]],
  "another head in the manifest": [...right.slice(0, 3), tailOf([first, second], { name: "other" })],
};

for (const [what, parts] of Object.entries(wrong))
  test(`an index with ${what} is refused`, (context) => {
    const { growing, add } = open(context);
    for (const items of parts) add(items);
    assert.throws(() => growing.advance(), RehomeError);
  });

const wrongTail: Readonly<Record<string, readonly IndexItem[]>> = {
  "fewer segments": tailOf([first]),
  "more segments": tailOf([first, second, second]),
  "segments in another order": tailOf([second, first]),
  "no top table": tailOf([first, second]).slice(1),
};

for (const [what, tail] of Object.entries(wrongTail))
  test(`a tail with ${what} is refused, and nobody takes the tree for whole`, async (context) => {
    const { growing, add } = open(context);
    for (const items of [...right.slice(0, 3), tail]) add(items);
    growing.advance();
    await assert.rejects(growing.whole, RehomeError);
  });

test("entries that are not in walk order, or lie in no directory, are refused where they are read", async (context) => {
  for (const bad of [[second, first], [first, first], [segmentOf([{ path: "x", chunk: "alpha" }])]]) {
    const { growing, add } = open(context);
    const all = { kind: "directory" as const, blocks: [blockOf("alpha", "beta", "gamma")] };
    add([headItem, all, ...bad.map(({ bytes }) => ({ kind: "segment" as const, bytes }))]);
    add(tailOf(bad));
    growing.advance();
    await assert.rejects(paths(growing.entries()), { code: "FORMAT_INVALID" });
  }
});

test("who waits hears that no more will come", async (context) => {
  const { growing, add } = open(context);
  for (const items of right.slice(0, 2)) add(items);
  growing.advance();
  const read = paths(growing.entries());
  growing.fail(new RangeError("gone"));
  await assert.rejects(read, /gone/);
  await assert.rejects(growing.whole, /gone/);
});

test("any order and any damage of signed parts is refused or read, never worse", async () => {
  const item = fc.constantFrom(...right.flat());
  const damage = fc.record({ at: fc.nat(400), to: fc.nat(255) });
  const changed = fc.tuple(item, fc.option(damage, { nil: undefined })).map(([from, change]) => {
    if (change === undefined || !("bytes" in from)) return from;
    const bytes = Buffer.from(from.bytes);
    bytes[change.at % bytes.length] = change.to;
    return { ...from, bytes };
  });
  const parts = fc.array(fc.array(changed, { maxLength: 4 }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(parts, async (sent) => {
      const { growing, add, index } = open({ after: () => undefined });
      try {
        for (const items of [[headItem], ...sent]) add(items);
        growing.advance();
        growing.fail(new RangeError("ended"));
        await paths(growing.entries());
      } catch (error) {
        const isRight = error instanceof RehomeError || String(error).includes("ended");
        assert.ok(isRight, String((error as Error).stack));
      } finally {
        index[Symbol.dispose]();
      }
    }),
    { numRuns: Number(process.env["REHOME_FUZZ_ROUNDS"] ?? 300) },
  );
});

import assert from "node:assert/strict";
import { linkSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import { linuxTreeReader } from "../../host/tree/linux-tree-reader.ts";
import { processProbe } from "../../host/process-probe.ts";
import { memoryBlobStore } from "../../image/blob-store/memory-blob-store.ts";
import { ByteWriter } from "../../image/format/byte-writer.ts";
import { limits } from "../../image/format/limits.ts";
import { writeHolePiece, writeMetadata } from "../../image/format/record.ts";
import { ImageStore } from "../../image/store/image-store.ts";
import { PackWriter } from "../../image/store/pack-writer.ts";
import { readTree } from "../../image/tree-index/tree-index-reader.ts";
import { TreeIndexWriter } from "../../image/tree-index/tree-index-writer.ts";
import { CaptureCacheWriter } from "./records/capture-cache.ts";
import { TreeCapture } from "./capture-tree.ts";
import type { CapturePorts, FilePool } from "./ports.ts";
import type { FileItem, FileOutcome } from "./reading/file-batch.ts";
import { unlimited } from "./reading/rate-limit.ts";
import { SecretWatch } from "./secrets/secret-watch.ts";
import { WarningList } from "./warning-list.ts";

/** What becomes of each file, by its name, in place of reading it. */
type Answer = (item: FileItem) => { readonly outcome: FileOutcome; readonly body: Uint8Array };

/** The body of an empty file's record, with as many bytes more as are asked for. */
function bodyOf(item: FileItem, holes = 0): Uint8Array {
  const out = new ByteWriter();
  writeMetadata(out, "file", { ...item.stat, flags: 0, xattrs: [] });
  out.varint(holes);
  for (let hole = 0; hole < holes; hole++) writeHolePiece(out, 1);
  return out.take();
}

const read = (item: FileItem, holes = 0): ReturnType<Answer> => ({
  outcome: { kind: "read", end: 0, asWalked: true, unstable: false, dataBytes: 0, outsideRange: false },
  body: bodyOf(item, holes),
});

function poolOf(answer: Answer): FilePool {
  return {
    busy: 0,
    room: () => Promise.resolve(),
    run({ items }) {
      const answers = items.map((item) => answer(item as FileItem));
      let end = 0;
      const outcomes = answers.map(({ outcome, body }) => ({ ...outcome, end: (end += body.length) }));
      return Promise.resolve({ outcomes, bytes: Buffer.concat(answers.map(({ body }) => body)), blocks: [] });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function captureTree(
  context: TestContext,
  root: string,
  answer: Answer,
): Promise<{ paths: string[]; entries: number; warnings: string[] }> {
  const place = temporaryDirectory(context);
  using store = await ImageStore.openOrCreate({ blobs: memoryBlobStore(), probe: processProbe, cacheDirectory: place });
  const packs = new PackWriter(store.blobs, store.index);
  const warnings = new WarningList();
  const next = new CaptureCacheWriter(join(place, "captures", "cache"));
  using capture = new TreeCapture({
    ports: {
      tree: linuxTreeReader(),
      timesTellChanges: () => true,
      isVanished: () => false,
    } as unknown as CapturePorts,
    pool: poolOf(answer),
    packs,
    index: new TreeIndexWriter(packs, store.index),
    cache: { before: undefined, next },
    choose: () => "take",
    additions: [],
    ownerShift: 0,
    warnings,
    secrets: new SecretWatch(false, new Map()),
    rate: unlimited,
    onProgress: () => undefined,
    signal: undefined,
  });
  const { tree, counts } = await capture.run(root);
  await packs.flush();
  next.discard();
  const paths: TreePath[] = [];
  for await (const { path } of readTree(store.chunks, tree)) paths.push(path);
  assert.equal(counts.entries, paths.length, "what is counted is what is there");
  return { paths, entries: counts.entries, warnings: warnings.list.map(({ kind, path }) => `${kind} ${path}`) };
}

function makeTree(context: TestContext): string {
  const root = join(temporaryDirectory(context), "tree");
  mkdirSync(join(root, "dir"), { recursive: true });
  for (const name of ["a", "b", "dir/c"]) writeFileSync(join(root, name), "");
  linkSync(join(root, "a"), join(root, "dir/a-too"));
  linkSync(join(root, "a"), join(root, "z"));
  return root;
}

test("TreeCapture takes a file out of the index, with its further names, when it cannot be read", async (context) => {
  for (const kind of ["vanished", "unreadable"] as const) {
    const answer: Answer = (item) =>
      item.name === "a" ? { outcome: { kind, end: 0, message: "why" }, body: Buffer.alloc(0) } : read(item);
    const { paths, warnings } = await captureTree(context, makeTree(context), answer);
    assert.deepEqual(paths, ["", "b", "dir", "dir/c"]);
    assert.deepEqual(warnings, [`${kind} a`, "unreadable dir/a-too", "unreadable z"]);
  }
});

test("TreeCapture lists a file of more pieces than a record can have, and stores the others", async (context) => {
  const answer: Answer = (item) =>
    read(item, item.name === "b" ? limits.recordBytes : item.name === "a" ? 1_000_000 : 3);
  const { paths, warnings } = await captureTree(context, makeTree(context), answer);
  assert.deepEqual(paths, ["", "a", "dir", "dir/a-too", "dir/c", "z"]);
  assert.deepEqual(warnings, ["unreadable b"]);
});

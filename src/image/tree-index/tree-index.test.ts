import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { paths, trees } from "../../../test/support/arbitrary.ts";
import { holds } from "../../../test/support/properties.ts";
import type { TreeReference } from "../../core/manifest/manifest.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import type { ChunkId, Entry } from "../../core/tree/entry.ts";
import { compareInWalkOrder, isAtOrBelow, joinPath, parentPath } from "../../core/tree/walk-order.ts";
import { decodeBlock, sha256 } from "../chunker/decode-block.ts";
import { FormatInvalidError, ObjectMissingError } from "../errors.ts";
import { ByteWriter } from "../format/byte-writer.ts";
import type { EncodedBlock } from "../format/pack.ts";
import { writeBody } from "../format/record.ts";
import { readChildren, readTopTable, readTree, TreeGuard } from "./tree-index-reader.ts";
import { TreeIndexWriter } from "./tree-index-writer.ts";

/** Chunks in memory, as packs and a chunk source see them. */
class Chunks {
  readonly plain = new Map<string, Buffer>();
  reads = 0;

  add(block: EncodedBlock): Promise<void> {
    const bytes = decodeBlock(block.stored, block.codec, block.plainBytes, "block");
    this.plain.set(sha256(bytes).toString("hex"), bytes);
    return Promise.resolve();
  }

  has(id: Uint8Array): boolean {
    return this.plain.has(Buffer.from(id).toString("hex"));
  }

  readChunk(id: ChunkId, lengthBytes: number): Promise<Buffer> {
    this.reads += 1;
    const bytes = this.plain.get(id);
    if (bytes?.length !== lengthBytes) return Promise.reject(new ObjectMissingError(`chunk ${id}`));
    return Promise.resolve(bytes);
  }
}

async function writeIndex(chunks: Chunks, entries: readonly Entry[]): Promise<TreeReference> {
  const writer = new TreeIndexWriter(chunks, chunks);
  const out = new ByteWriter();
  for (const entry of entries) {
    out.reset();
    writeBody(out, entry);
    await writer.add(entry.path, out.view());
  }
  return await writer.end();
}

const metadata = { mode: 0o755, uid: 0, gid: 0, mtimeSec: 1, mtimeNsec: 2, flags: 0, xattrs: [] };

/** A tree of many segments: directories of directories of symlinks. */
function largeTree(): Entry[] {
  const tree: Entry[] = [{ path: "" as TreePath, kind: "directory", ...metadata }];
  for (let outer = 0; outer < 12; outer++) {
    tree.push({ path: `d${outer}` as TreePath, kind: "directory", ...metadata });
    for (let inner = 0; inner < 12; inner++) {
      tree.push({ path: `d${outer}/d${inner}` as TreePath, kind: "directory", ...metadata });
      for (let name = 0; name < 60; name++)
        tree.push({
          path: `d${outer}/d${inner}/link-${name}` as TreePath,
          kind: "symlink",
          target: `target ${name}`.padEnd(60, "x") as TreePath,
          ...metadata,
        });
    }
  }
  return tree.toSorted((a, b) => compareInWalkOrder(a.path, b.path));
}

test("readTree() gives back the tree that TreeIndexWriter was given", async (context) => {
  await holds(
    context,
    fc.asyncProperty(trees, async (tree) => {
      const chunks = new Chunks();
      const reference = await writeIndex(chunks, tree);
      assert.deepEqual(await Array.fromAsync(readTree(chunks, reference)), tree);
    }),
    200,
  );
});

test("readTree() of a part gives what lies there and the directories that lead there, and reads few segments", async (context) => {
  const tree = largeTree();
  const chunks = new Chunks();
  const reference = await writeIndex(chunks, tree);
  const segments = await readTopTable(chunks, reference);
  assert.ok(segments.length > 8);
  const asked = fc.oneof(
    fc.constantFrom(...tree.map(({ path }) => path)),
    paths,
    fc.constant("d1/d1/link-1/below" as TreePath),
  );
  await holds(
    context,
    fc.asyncProperty(asked, async (below) => {
      const wanted = tree.filter(({ path }) => isAtOrBelow(path, below) || isAtOrBelow(below, path));
      assert.deepEqual(await Array.fromAsync(readTree(chunks, reference, below)), wanted);
    }),
    100,
  );
  chunks.reads = 0;
  await Array.fromAsync(readTree(chunks, reference, "d5/d5/link-5" as TreePath));
  assert.ok(chunks.reads < segments.length / 2, `${chunks.reads} reads`);
});

test("readChildren() gives an entry and what lies in it, and passes over what its sub-directories hold", async (context) => {
  const tree = largeTree();
  const chunks = new Chunks();
  const reference = await writeIndex(chunks, tree);
  const segments = await readTopTable(chunks, reference);
  const asked = fc.oneof(fc.constantFrom(...tree.map(({ path }) => path)), paths);
  await holds(
    context,
    fc.asyncProperty(fc.oneof(fc.constant("" as TreePath), asked), async (path) => {
      const wanted = tree.filter(
        (entry) => entry.path === path || (entry.path !== "" && parentPath(entry.path) === path),
      );
      assert.deepEqual(await Array.fromAsync(readChildren(chunks, reference, path)), wanted);
    }),
    200,
  );
  const deep = await writeIndex(chunks, [
    ...tree.slice(0, 1),
    { path: "a" as TreePath, kind: "directory", ...metadata },
    ...tree.slice(1).map((entry) => ({ ...entry, path: joinPath("a" as TreePath, entry.path) })),
    { path: "b" as TreePath, kind: "directory", ...metadata },
  ]);
  assert.ok(segments.length > 8);
  chunks.reads = 0;
  const top = await Array.fromAsync(readChildren(chunks, deep, "" as TreePath));
  assert.deepEqual(
    top.map(({ path }) => path),
    ["", "a", "b"],
  );
  assert.equal(chunks.reads, 3, "the top table, the first segment and the last");
});

test("TreeIndexWriter puts what is there already into no pack, and equal trees have equal references", async () => {
  const chunks = new Chunks();
  const first = await writeIndex(chunks, largeTree());
  const puts = chunks.plain.size;
  const adding = chunks.add.bind(chunks);
  let added = 0;
  chunks.add = (block) => {
    added += 1;
    return adding(block);
  };
  assert.deepEqual(await writeIndex(chunks, largeTree()), first);
  assert.deepEqual([added, chunks.plain.size], [0, puts]);
  const changed = largeTree().map((entry, at) => (at === 4000 ? { ...entry, mode: 0 } : entry));
  assert.notEqual((await writeIndex(chunks, changed)).digest, first.digest);
  assert.ok(added <= 2, "one segment and the table");
});

test("TreeGuard takes every tree and no tree with two neighbours swapped", async (context) => {
  await holds(
    context,
    fc.property(trees, fc.nat(), (tree, draw) => {
      const guard = new TreeGuard();
      for (const entry of tree) guard.check(entry);
      guard.end();
      if (tree.length < 2) return;
      const at = draw % (tree.length - 1);
      const swapped = [...tree.slice(0, at), tree[at + 1], tree[at], ...tree.slice(at + 2)] as Entry[];
      const strict = new TreeGuard();
      assert.throws(() => swapped.forEach((entry) => strict.check(entry)), FormatInvalidError);
    }),
    300,
  );
});

test("TreeGuard refuses a tree of which a directory was taken away", async (context) => {
  await holds(
    context,
    fc.property(trees, fc.nat(), (tree, draw) => {
      const holding = tree.filter((entry) =>
        tree.some(({ path }) => path !== entry.path && isAtOrBelow(path, entry.path)),
      );
      const gone = holding[draw % Math.max(1, holding.length)];
      if (gone === undefined) return;
      for (const stand of ["missing", "file"] as const) {
        const guard = new TreeGuard();
        const list = tree.flatMap((entry): Entry[] =>
          entry !== gone ? [entry] : stand === "missing" ? [] : [{ ...entry, kind: "fifo" }],
        );
        assert.throws(() => list.forEach((entry) => guard.check(entry)), FormatInvalidError, gone.path);
      }
    }),
    300,
  );
});

test("TreeGuard refuses to end before a root", () => {
  assert.throws(() => new TreeGuard().end(), FormatInvalidError);
});

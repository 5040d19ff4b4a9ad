import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { entries } from "../../../test/support/arbitrary.ts";
import { holds } from "../../../test/support/properties.ts";
import type { ByteString, TreePath } from "../../core/tree/byte-string.ts";
import type { ChunkId, Entry } from "../../core/tree/entry.ts";
import { joinInWalkOrder } from "./diff-images.ts";
import { compareEntries, isLeftOut, type Aspect } from "./difference.ts";

const metadata = {
  path: "p" as TreePath,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtimeSec: 1,
  mtimeNsec: 2,
  flags: 0,
  xattrs: [{ name: "user.a" as ByteString, value: Uint8Array.of(1) }],
};
const id = (digit: string): ChunkId => digit.repeat(64) as ChunkId;
const file = (...ids: readonly string[]): Entry => ({
  ...metadata,
  kind: "file",
  sizeBytes: ids.length,
  pieces: ids.map((digit) => ({ kind: "chunk", id: id(digit), lengthBytes: 1 })),
});

test("compareEntries() finds nothing between an entry and itself", async (context) => {
  await holds(
    context,
    fc.property(entries, (entry) => assert.deepEqual(compareEntries(entry, structuredClone(entry)), [])),
    500,
  );
});

test("compareEntries() names each aspect that differs", () => {
  const pairs: readonly (readonly [Entry, Entry, readonly Aspect[]])[] = [
    [file("a"), { ...file("a"), mode: 0 }, ["mode"]],
    [file("a"), { ...file("a"), gid: 5 }, ["owner"]],
    [file("a"), { ...file("a"), mtimeNsec: 3 }, ["mtime"]],
    [file("a"), { ...file("a"), flags: 0x10 }, ["flags"]],
    [file("a"), { ...file("a"), xattrs: [] }, ["xattrs"]],
    [file("a"), { ...file("a"), xattrs: [{ name: "user.a" as ByteString, value: Uint8Array.of(2) }] }, ["xattrs"]],
    [file("a"), { ...file("a"), xattrs: [{ name: "user.b" as ByteString, value: Uint8Array.of(1) }] }, ["xattrs"]],
    [file("a"), file("b"), ["content"]],
    [file("a", "b"), file("b", "a"), ["content"]],
    [file("a"), { ...metadata, kind: "file", sizeBytes: 1, pieces: [{ kind: "hole", lengthBytes: 1 }] }, ["content"]],
    [file("a"), { ...metadata, kind: "fifo" }, ["kind"]],
    [file("a"), { ...metadata, kind: "link", target: "x" as TreePath }, ["hard-link"]],
    [
      { ...metadata, kind: "link", target: "y" as TreePath },
      { ...metadata, kind: "link", target: "x" as TreePath },
      ["hard-link"],
    ],
    [
      { ...metadata, kind: "symlink", target: "y" as ByteString },
      { ...metadata, kind: "symlink", target: "x" as ByteString, mode: 0o777 },
      ["target"],
    ],
    [
      { ...metadata, kind: "block-device", major: 1, minor: 2 },
      { ...metadata, kind: "block-device", major: 1, minor: 3 },
      ["device"],
    ],
    [
      { ...metadata, kind: "block-device", major: 1, minor: 2 },
      { ...metadata, kind: "character-device", major: 1, minor: 2 },
      ["kind"],
    ],
  ];
  for (const [a, b, aspects] of pairs) {
    assert.deepEqual(compareEntries(a, b), aspects);
    assert.deepEqual(compareEntries(b, a), aspects);
  }
});

test("isLeftOut() believes a manifest of empty files alone", () => {
  const leftOut = new Set(["p" as TreePath]);
  assert.equal(isLeftOut(file(), leftOut), true);
  assert.equal(isLeftOut(file("a"), leftOut), false);
  assert.equal(isLeftOut(file(), new Set()), false);
  assert.equal(isLeftOut({ ...metadata, kind: "fifo" }, leftOut), false);
  assert.equal(isLeftOut({ ...metadata, kind: "link", target: "x" as TreePath }, leftOut), false);
});

test("joinInWalkOrder() pairs what both sides have and misses nothing", async (context) => {
  const list = fc.subarray(["", "a", "a/b", "a/b/c", "a-", "b", "b/a", "c"]);
  const order = ["", "a", "a/b", "a/b/c", "a-", "b", "b/a", "c"];
  async function* stream(paths: readonly string[]): AsyncGenerator<{ path: TreePath }> {
    for (const path of paths.toSorted((x, y) => order.indexOf(x) - order.indexOf(y))) yield { path: path as TreePath };
  }
  await holds(
    context,
    fc.asyncProperty(list, list, async (left, right) => {
      const joined = (await Array.fromAsync(joinInWalkOrder(stream(left), stream(right)))).map(([a, b]) => [
        a?.path,
        b?.path,
      ]);
      const all = order.filter((path) => left.includes(path) || right.includes(path));
      assert.deepEqual(
        joined,
        all.map((path) => [left.includes(path) ? path : undefined, right.includes(path) ? path : undefined]),
      );
    }),
    200,
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { names, trees } from "../../../test/support/arbitrary.ts";
import { holds } from "../../../test/support/properties.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import type { Entry } from "../../core/tree/entry.ts";
import { compareInWalkOrder } from "../../core/tree/walk-order.ts";
import { FormatInvalidError } from "../errors.ts";
import { ByteWriter } from "./byte-writer.ts";
import { limits } from "./limits.ts";
import { fitsPathLimits } from "./path-limits.ts";
import { writeBody } from "./record.ts";
import { readSegment, SegmentWriter, type Segment } from "./segment.ts";

function writeAll(entries: readonly Entry[]): Segment[] {
  const writer = new SegmentWriter();
  const out = new ByteWriter();
  const segments = entries.flatMap((entry) => {
    out.reset();
    writeBody(out, entry);
    return writer.add(entry.path, out.view()) ?? [];
  });
  return [...segments, ...[writer.end() ?? []].flat()];
}

const readAll = (segments: readonly Segment[]): Entry[] =>
  segments.flatMap(({ bytes }) => [...readSegment(bytes, "test")]);

/** A record that shares `shared` bytes with the one before. */
function directoryRecord(shared: number, rest: string): Buffer {
  const out = new ByteWriter();
  out.varint(shared);
  out.blob(rest);
  out.u8(1);
  for (let field = 0; field < 7; field++) out.varint(0);
  return out.take();
}

const refuses = (...records: readonly Buffer[]): void => {
  assert.throws(() => [...readSegment(Buffer.concat(records), "test")], FormatInvalidError);
};

test("readSegment() gives back the entries that SegmentWriter was given", async (context) => {
  await holds(
    context,
    fc.property(trees, (tree) => {
      assert.deepEqual(readAll(writeAll(tree)), tree);
    }),
    300,
  );
});

test("SegmentWriter cuts by content: a change in one place leaves the other segments as they are", () => {
  const pathOf = (number: number): TreePath => `usr/share/doc/package-${String(number).padStart(6, "0")}` as TreePath;
  const make = (extra: readonly string[]): Entry[] => {
    const list = [...Array.from({ length: 20_000 }, (_, number) => pathOf(number)), ...(extra as TreePath[])];
    return list.toSorted(compareInWalkOrder).map((path) => ({
      path,
      kind: "symlink",
      target: path,
      mode: 0o777,
      uid: 0,
      gid: 0,
      mtimeSec: 1_700_000_000,
      mtimeNsec: 1,
      flags: 0,
      xattrs: [],
    }));
  };
  const before = writeAll(make([]));
  const after = writeAll(make(["usr/share/doc/package-010000-new"]));
  assert.ok(before.length > 10);
  for (const { bytes } of before.slice(0, -1)) assert.ok(bytes.length >= 32_768 && bytes.length < 262_144 + 200);
  const known = new Set(before.map(({ bytes }) => bytes.toString("latin1")));
  assert.ok(after.filter(({ bytes }) => !known.has(bytes.toString("latin1"))).length <= 2);
});

test("SegmentWriter ends a segment at 262,144 bytes at the latest", () => {
  const xattrs = [{ name: "user.x" as TreePath, value: Buffer.alloc(60_000) }];
  const entries = Array.from({ length: 20 }, (_, at) => ({
    path: `f${at + 10}` as TreePath,
    kind: "fifo" as const,
    mode: 0,
    uid: 0,
    gid: 0,
    mtimeSec: 0,
    mtimeNsec: 0,
    flags: 0,
    xattrs,
  }));
  for (const { bytes, records } of writeAll(entries)) assert.ok(records <= 5 && bytes.length < 262_144 + 61_000);
});

test("readSegment() refuses names that no directory holds", () => {
  for (const path of [
    "/",
    "a//b",
    "a/",
    "/a",
    ".",
    "..",
    "a/.",
    "a/..",
    "../a",
    "a/../b",
    "\0",
    "a\0b",
    "n".repeat(limits.nameBytes + 1),
  ])
    refuses(directoryRecord(0, path));
});

test("readSegment() looks at names that begin before what records share", () => {
  const paths = (...records: readonly Buffer[]): string[] =>
    [...readSegment(Buffer.concat(records), "test")].map(({ path }) => path);
  assert.deepEqual(paths(directoryRecord(0, "a/.-"), directoryRecord(3, ".x"), directoryRecord(3, "y")), [
    "a/.-",
    "a/..x",
    "a/.y",
  ]);
  refuses(directoryRecord(0, "a/.-"), directoryRecord(3, "."));
  refuses(directoryRecord(0, ".-"), directoryRecord(1, "."));
  refuses(directoryRecord(0, "a"), directoryRecord(1, "/"));
  refuses(directoryRecord(0, "a/b"), directoryRecord(3, "/"), directoryRecord(4, "c"));
  refuses(directoryRecord(0, "a"), directoryRecord(1, "/../b"));
  refuses(directoryRecord(0, "n".repeat(limits.nameBytes)), directoryRecord(limits.nameBytes, "n"));
});

test("readSegment() refuses records out of order, twice, or sharing more than there is", () => {
  refuses(directoryRecord(0, "b"), directoryRecord(0, "a"));
  refuses(directoryRecord(0, "a"), directoryRecord(0, "a"));
  refuses(directoryRecord(0, "a"), directoryRecord(0, ""));
  refuses(directoryRecord(0, "a-b"), directoryRecord(1, "/b"));
  refuses(directoryRecord(1, "a"));
  refuses(directoryRecord(0, "ab"), directoryRecord(3, "c"));
});

test("readSegment() refuses paths that are too long or too deep", () => {
  const deepest = Array.from({ length: limits.pathNames }, () => "d").join("/");
  assert.equal([...readSegment(directoryRecord(0, deepest), "test")].length, 1);
  refuses(directoryRecord(0, `${deepest}/d`));
  refuses(directoryRecord(0, deepest), directoryRecord(deepest.length, "/d"));
  const longest = `${"n/".repeat(30)}${`${"x".repeat(4000)}/`.repeat(16)}`.slice(0, limits.pathBytes - 1) + "y";
  assert.equal(fitsPathLimits(longest as TreePath), true);
  assert.equal([...readSegment(directoryRecord(0, longest), "test")].length, 1);
  refuses(directoryRecord(0, longest.padEnd(limits.pathBytes + 1, "/xyz")));
});

test("readSegment() refuses links to what cannot be a path", () => {
  const link = (target: string): Buffer => {
    const out = new ByteWriter();
    out.varint(0);
    out.blob("z");
    out.u8(8);
    out.blob(target);
    return out.take();
  };
  assert.equal([...readSegment(link("a/b"), "test")].length, 1);
  for (const target of ["", "/", "/a", "../a", "a/../b", "a//b", "a\0", ".", "a/."]) refuses(link(target));
});

test("readSegment() takes any name that a directory can hold", async (context) => {
  await holds(
    context,
    fc.property(names, names, (first, second) => {
      const path = `${first}/${second}`;
      assert.deepEqual(
        [...readSegment(directoryRecord(0, path), "test")].map((entry) => entry.path),
        [path],
      );
    }),
  );
});

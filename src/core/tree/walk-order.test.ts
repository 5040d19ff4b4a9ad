import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { names, paths } from "../../../test/support/arbitrary.ts";
import { holds } from "../../../test/support/properties.ts";
import type { ByteString, TreePath } from "./byte-string.ts";
import { baseName, compareInWalkOrder, isAtOrBelow, joinPath, parentPath } from "./walk-order.ts";

const at = (path: string): TreePath => path as TreePath;

test("compareInWalkOrder() orders paths by their bytes with `/` replaced by 00", async (context) => {
  const key = (path: string): Buffer => Buffer.from(path.replaceAll("/", "\0"), "latin1");
  await holds(
    context,
    fc.property(paths, paths, (a, b) => {
      assert.equal(Math.sign(compareInWalkOrder(a, b)), Buffer.compare(key(a), key(b)));
    }),
    3000,
  );
  const long = "long/".repeat(400);
  await holds(
    context,
    fc.property(fc.nat(1990), names, names, (shared, first, second) => {
      const [a, b] = [at(long.slice(0, shared) + first), at(long.slice(0, shared) + second)];
      assert.equal(Math.sign(compareInWalkOrder(a, b)), Buffer.compare(key(a), key(b)));
    }),
    2000,
  );
});

test("compareInWalkOrder() puts a directory before what it holds, and that before its neighbours", () => {
  const ordered = ["", "a", "a/b", "a/b/c", "a/b-", "a-b", "a.b", "ab", "\xff"].map(at);
  assert.deepEqual(ordered.toReversed().toSorted(compareInWalkOrder), ordered);
});

test("parentPath(), baseName() and joinPath() fit together", async (context) => {
  await holds(
    context,
    fc.property(paths, (path) => {
      assert.equal(joinPath(parentPath(path), baseName(path)), path);
      assert.ok(compareInWalkOrder(parentPath(path), path) < 0);
      assert.ok(isAtOrBelow(path, parentPath(path)));
    }),
  );
  assert.equal(parentPath(at("")), "");
  assert.equal(joinPath(at(""), "a" as ByteString), "a");
});

test("isAtOrBelow() knows where a name ends", () => {
  assert.ok(isAtOrBelow(at("a/b"), at("a/b")));
  assert.ok(isAtOrBelow(at("a/b/c"), at("a/b")));
  assert.ok(isAtOrBelow(at("anything"), at("")));
  assert.ok(!isAtOrBelow(at("a/bc"), at("a/b")));
  assert.ok(!isAtOrBelow(at("a"), at("a/b")));
});

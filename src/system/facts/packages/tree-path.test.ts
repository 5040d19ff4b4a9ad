import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRecordedPath } from "./tree-path.ts";

test("parseRecordedPath() takes absolute and relative paths", () => {
  for (const recorded of ["/etc/a", "./etc/a", "etc/a", "//etc/a", ".//etc/a"])
    assert.equal(parseRecordedPath(recorded), "etc/a");
  assert.equal(parseRecordedPath("/usr/share/..x/.y"), "usr/share/..x/.y");
});

test("parseRecordedPath() refuses paths that climb, and those that are none", () => {
  for (const recorded of ["", "/", "..", "../a", "a/..", "a/../b", "a//b", "a/./b", "a/", "a\0b", "a/".repeat(3000)])
    assert.equal(parseRecordedPath(recorded), undefined, JSON.stringify(recorded).slice(0, 20));
});

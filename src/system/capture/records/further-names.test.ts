import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import type { WalkedEntry } from "../../tree/walk.ts";
import { FurtherNames } from "./further-names.ts";

function walked(parentPath: string, name: string, inode: number, linkCount: number, deviceMinor = 1): WalkedEntry {
  return {
    parentPath: parentPath as TreePath,
    name: name as ByteString,
    stat: { inoLow: inode, inoHigh: 0, deviceMajor: 8, deviceMinor, linkCount },
  } as unknown as WalkedEntry;
}

test("firstNameOf() knows an inode from its second name on", () => {
  const names = new FurtherNames();
  assert.equal(names.firstNameOf(walked("", "a", 7, 3)), undefined);
  assert.equal(names.firstNameOf(walked("d", "b", 7, 3)), "a");
  assert.equal(names.firstNameOf(walked("d", "c", 7, 3)), "a");
  assert.equal(names.firstNameOf(walked("d", "x", 8, 2)), undefined);
  assert.equal(names.firstNameOf(walked("e", "y", 8, 2)), "d/x");
});

test("firstNameOf() tells inodes of different file systems apart", () => {
  const names = new FurtherNames();
  assert.equal(names.firstNameOf(walked("", "a", 7, 2, 1)), undefined);
  assert.equal(names.firstNameOf(walked("", "b", 7, 2, 2)), undefined);
});

test("isLost() tells which first names have no record", () => {
  const names = new FurtherNames();
  names.lose("a" as TreePath);
  assert.deepEqual([names.isLost("a" as TreePath), names.isLost("b" as TreePath)], [true, false]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { InodeStat } from "../../../core/tree/tree-reader.ts";
import { baseName, parentPath } from "../../../core/tree/walk-order.ts";
import type { WalkedEntry } from "../../tree/walk.ts";
import { TreeChangedError } from "../errors.ts";
import type { RecordSlot } from "../records/ordered-records.ts";
import { inodeKey } from "./find-secrets.ts";
import { SecretWatch } from "./secret-watch.ts";

const statOf = (inode: number, kind: InodeStat["kind"] = "file", linkCount = 1): InodeStat =>
  ({ kind, linkCount, inoHigh: 0, inoLow: inode, deviceMajor: 8, deviceMinor: 1 }) as InodeStat;

const walked = (path: string, stat: InodeStat): WalkedEntry =>
  ({
    path,
    parentPath: parentPath(path as TreePath),
    name: baseName(path as TreePath),
    stat,
  }) as unknown as WalkedEntry;

const slot = (path: string, secret?: RecordSlot["secret"], linkTarget?: string): RecordSlot =>
  ({ path, secret, linkTarget }) as RecordSlot;

test("kindOf() knows regular files by their paths, and every name of a file that has a secret one", () => {
  const watch = new SecretWatch(true, new Map([[inodeKey(statOf(7)), "password-hashes"]]));
  assert.equal(watch.kindOf(walked("etc/shadow", statOf(1))), "password-hashes");
  for (const kind of ["directory", "symlink", "fifo"] as const)
    assert.equal(watch.kindOf(walked("etc/shadow", statOf(1, kind))), undefined);
  assert.equal(watch.kindOf(walked("a", statOf(7, "file", 2))), "password-hashes");
  assert.equal(watch.kindOf(walked("a", statOf(7, "file", 1))), undefined, "another file by now");
  assert.equal(watch.kindOf(walked("a", statOf(8, "file", 2))), undefined);
});

test("SecretWatch lists what goes along, a thousand at most, and counts all", () => {
  const watch = new SecretWatch(false, new Map());
  watch.take(slot("plain"));
  watch.take(slot("etc/shadow", "password-hashes", "plain"));
  for (let number = 0; number < 1500; number++) watch.take(slot(`${number}/.netrc`, "credentials"));
  const { contents, count, files } = watch.found();
  assert.deepEqual([contents, count, files.length], ["included", 1501, 1000]);
  assert.deepEqual(files[0], { path: "etc/shadow", kind: "password-hashes" });
});

test("SecretWatch lists all that was left out, with its further names", () => {
  const watch = new SecretWatch(true, new Map());
  watch.take(slot("a\n", "token"));
  watch.take(slot("b", undefined, "a\n"));
  watch.take(slot("c", "credentials", "a\n"));
  watch.take(slot("d", undefined, "plain"));
  for (let number = 0; number < 1500; number++) watch.take(slot(`${number}/.netrc`, "credentials"));
  const { contents, count, files } = watch.found();
  assert.deepEqual([contents, count, files.length], ["left-out", 1503, 1503]);
  assert.deepEqual(files.slice(0, 3), [
    { path: "a\\n", kind: "token" },
    { path: "b", kind: "token" },
    { path: "c", kind: "token" },
  ]);
});

test("SecretWatch gives up when what was read became another name of a secret", () => {
  const watch = new SecretWatch(true, new Map());
  watch.take(slot("a"));
  assert.throws(() => watch.take(slot("etc/shadow", "password-hashes", "a")), TreeChangedError);
});

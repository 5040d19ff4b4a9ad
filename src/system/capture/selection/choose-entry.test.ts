import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../core/errors.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { InodeStat } from "../../../core/tree/tree-reader.ts";
import { chooseEntries, type Selection } from "./choose-entry.ts";

const stat = (kind: InodeStat["kind"], deviceMajor = 8, deviceMinor = 1): InodeStat => ({
  kind,
  mode: 0,
  uid: 0,
  gid: 0,
  linkCount: 1,
  sizeBytes: 0,
  allocatedBytes: 0,
  mtimeSec: 0,
  mtimeNsec: 0,
  ctimeSec: 0,
  ctimeNsec: 0,
  inoHigh: 0,
  inoLow: 1,
  deviceMajor,
  deviceMinor,
  nodeMajor: 0,
  nodeMinor: 0,
});
const none = { patterns: [], emptied: new Set<TreePath>(), entered: new Set<TreePath>(), omitted: new Set<TreePath>() };
const choose = (
  selection: Partial<Selection>,
  path: string,
  kind: InodeStat["kind"] = "file",
  own = stat(kind),
  parent = stat("directory"),
): string => chooseEntries({ ...none, ...selection })(path as TreePath, own, parent);
const pathSet = (...paths: readonly string[]): Set<TreePath> => new Set(paths as TreePath[]);

test("chooseEntries() takes everything where nothing is excluded", () => {
  for (const path of ["", "a", "a/b", "\xff", "new\nline", " "]) assert.equal(choose({}, path), "take");
});

test("chooseEntries() leaves excluded files out and keeps excluded directories empty", () => {
  const patterns = ["*.log", "/cache", "tmp/*", "var/cache/**", "build/"];
  assert.equal(choose({ patterns }, "a/b.log"), "leave-out");
  assert.equal(choose({ patterns }, "cache", "directory"), "take-empty");
  assert.equal(choose({ patterns }, "cache", "file"), "leave-out");
  assert.equal(choose({ patterns }, "a/cache", "directory"), "take");
  assert.equal(choose({ patterns }, "tmp", "directory"), "take");
  assert.equal(choose({ patterns }, "tmp/x", "directory"), "take-empty");
  assert.equal(choose({ patterns }, "var/cache", "directory"), "take");
  assert.equal(choose({ patterns }, "var/cache/apt", "directory"), "take-empty");
  assert.equal(choose({ patterns }, "a/build", "directory"), "take-empty");
  assert.equal(choose({ patterns }, "a/build", "file"), "take", "a slash at the end means directories");
  assert.equal(choose({ patterns }, "a/build", "symlink"), "take");
});

test("chooseEntries() takes back what a later pattern takes back", () => {
  const patterns = ["*.log", "!keep.log", "# a comment", "\\#not-a-comment", "\\!bang", "", "   "];
  assert.equal(choose({ patterns }, "x/keep.log"), "take");
  assert.equal(choose({ patterns }, "x/other.log"), "leave-out");
  assert.equal(choose({ patterns }, "#not-a-comment"), "leave-out");
  assert.equal(choose({ patterns }, "# a comment"), "take");
  assert.equal(choose({ patterns }, "!bang"), "leave-out");
});

test("chooseEntries() matches bytes: characters of many bytes, bytes that are no text, and case", () => {
  const bytes = (text: string): string => Buffer.from(text).toString("latin1");
  assert.equal(choose({ patterns: ["größe"] }, bytes("größe")), "leave-out");
  assert.equal(
    choose({ patterns: ["größe"] }, "größe"),
    "take",
    "the same letters in another encoding are another name",
  );
  assert.equal(choose({ patterns: ["a?b"] }, "a\xffb"), "leave-out");
  assert.equal(choose({ patterns: ["*.bad"] }, "\xff\xfe.bad"), "leave-out");
  assert.equal(choose({ patterns: ["name"] }, "Name"), "take");
  assert.equal(choose({ patterns: ["*.x"] }, "new\nline.x"), "leave-out");
});

test("chooseEntries() never excludes the root", () => {
  for (const pattern of ["*", "**", "/", "/*"]) assert.equal(choose({ patterns: [pattern] }, "", "directory"), "take");
});

test("chooseEntries() refuses patterns that hold several lines", () => {
  for (const pattern of ["a\nb", "a\0b"])
    assert.throws(() => chooseEntries({ ...none, patterns: [pattern] }), UsageError);
});

test("chooseEntries() keeps the directories of mounts, stores and caches that are left out", () => {
  const selection = { emptied: pathSet("mnt/nfs", "var/lib/rehome/store"), omitted: pathSet("swapfile") };
  assert.equal(choose(selection, "mnt/nfs", "directory"), "take-empty");
  assert.equal(choose(selection, "var/lib/rehome/store", "directory"), "take-empty");
  assert.equal(choose(selection, "swapfile"), "leave-out");
  assert.equal(choose(selection, "var/swapfile"), "take");
});

test("chooseEntries() stops at other file systems that are not entered, but not at subvolumes", () => {
  const other = stat("directory", 8, 2);
  assert.equal(choose({}, "mnt", "directory", other), "take-empty");
  assert.equal(choose({ entered: pathSet("mnt") }, "mnt", "directory", other), "take");
  assert.equal(choose({}, "sub", "directory", stat("directory", 0, 41), stat("directory", 0, 40)), "take");
});

test("chooseEntries() gives the same answer for the hundred-thousandth path as for the first", () => {
  const chooseEntry = chooseEntries({ ...none, patterns: ["*.log"] });
  const directory = stat("directory");
  for (let number = 0; number < 100_000; number++) {
    const path = `d${number % 100}/f${number}${number % 2 === 0 ? ".log" : ""}` as TreePath;
    assert.equal(chooseEntry(path, stat("file"), directory), number % 2 === 0 ? "leave-out" : "take");
  }
});

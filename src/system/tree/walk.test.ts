import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import * as fc from "fast-check";
import { names } from "../../../test/support/arbitrary.ts";
import { makeNested } from "../../../test/support/deep-tree.ts";
import { holds } from "../../../test/support/properties.ts";
import { removeTree, temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import { compareInWalkOrder } from "../../core/tree/walk-order.ts";
import { linuxTreeReader } from "../../host/tree/linux-tree-reader.ts";
import { TreeGuard } from "../../image/tree-index/tree-index-reader.ts";
import { noMetadata } from "../../image/format/record.ts";
import { isTrouble, walkTree, type ChooseEntry } from "./walk.ts";

const tree = linuxTreeReader();
const takeAll: ChooseEntry = () => "take";

function walk(root: string, choose: ChooseEntry = takeAll): { paths: TreePath[]; troubles: string[] } {
  const paths: TreePath[] = [];
  const troubles: string[] = [];
  for (const item of walkTree(tree, tree.openRoot(root), choose)) {
    if (isTrouble(item)) troubles.push(item.path);
    else paths.push(item.path);
  }
  return { paths, troubles };
}

const openFiles = (): number => readdirSync("/proc/self/fd").length;

function smallTree(context: TestContext): string {
  const root = temporaryDirectory(context);
  for (const path of ["a/b", "a/c", "d"]) mkdirSync(join(root, path), { recursive: true });
  for (const path of ["a/b/1", "a-x", "a/c/2", "z"]) writeFileSync(join(root, path), "");
  symlinkSync("a", join(root, "link"));
  return root;
}

test("walkTree() goes depth first, names bytewise, and through no symlink", (context) => {
  assert.deepEqual(walk(smallTree(context)), {
    paths: ["", "a", "a/b", "a/b/1", "a/c", "a/c/2", "a-x", "d", "link", "z"],
    troubles: [],
  });
});

test("walkTree() yields any names in walk order, and every directory before what it holds", async (context) => {
  const base = temporaryDirectory(context);
  let number = 0;
  const lists = fc.array(fc.tuple(names, names, fc.boolean()), { maxLength: 12 });
  await holds(
    context,
    fc.property(lists, (list) => {
      const root = join(base, String(++number));
      mkdirSync(root);
      for (const [outer, inner, nested] of list) {
        const directory = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(outer, "latin1")]);
        mkdirSync(directory, { recursive: true });
        if (nested) mkdirSync(Buffer.concat([directory, Buffer.from(`/${inner}`, "latin1")]), { recursive: true });
      }
      const { paths, troubles } = walk(root);
      assert.deepEqual(troubles, []);
      assert.deepEqual(paths, paths.toSorted(compareInWalkOrder));
      const guard = new TreeGuard();
      for (const path of paths) guard.check({ path, kind: "directory", ...noMetadata });
      removeTree(root);
    }),
    25,
  );
});

test("walkTree() leaves out and empties what it is told to", (context) => {
  const choose: ChooseEntry = (path) =>
    path === "a/b" ? "take-empty" : path === "d" || path === "z" ? "leave-out" : "take";
  assert.deepEqual(walk(smallTree(context), choose).paths, ["", "a", "a/b", "a/c", "a/c/2", "a-x", "link"]);
});

test("walkTree() goes far deeper than a path can name, with few directories open, and closes them all", (context) => {
  const root = temporaryDirectory(context);
  makeNested(root, 1000, "n".repeat(40));
  writeFileSync(join(root, "z"), "");
  const before = openFiles();
  let most = 0;
  const paths: string[] = [];
  for (const item of walkTree(tree, tree.openRoot(root), takeAll)) {
    assert.ok(!isTrouble(item));
    paths.push(item.path);
    if (paths.length % 100 === 0) most = Math.max(most, openFiles());
  }
  assert.equal(paths.length, 1002);
  assert.equal(paths.at(-1), "z");
  assert.ok(most - before < 250, `${most - before} open`);
  assert.equal(openFiles(), before);
});

test("walkTree() gives up, as trouble, what lies deeper than an image can hold", (context) => {
  const root = temporaryDirectory(context);
  makeNested(root, 400, "n".repeat(250));
  const { paths, troubles } = walk(root);
  assert.equal(paths.length, 262);
  assert.equal(troubles.length, 1);
});

test("walkTree() closes everything when it is left early", (context) => {
  const root = smallTree(context);
  const before = openFiles();
  for (const item of walkTree(tree, tree.openRoot(root), takeAll)) if (item.path === "a/b/1") break;
  assert.equal(openFiles(), before);
});

test("walkTree() lists as trouble what vanishes or is replaced while it walks, and goes on", (context) => {
  const root = smallTree(context);
  const paths: string[] = [];
  const troubles: string[] = [];
  for (const item of walkTree(tree, tree.openRoot(root), takeAll)) {
    if (item.path === "a") {
      rmSync(join(root, "z"));
      renameSync(join(root, "d"), join(root, "moved"));
      symlinkSync("/etc", join(root, "d"));
      rmSync(join(root, "a-x"));
    }
    (isTrouble(item) ? troubles : paths).push(item.path);
  }
  assert.deepEqual(troubles, ["a-x", "z"]);
  assert.deepEqual(paths, ["", "a", "a/b", "a/b/1", "a/c", "a/c/2", "d", "link"], "d is a symlink now and not entered");
});

test("walkTree() does not climb out when a directory is moved while it is deep below", (context) => {
  const base = temporaryDirectory(context);
  const root = join(base, "root");
  mkdirSync(root);
  makeNested(root, 300, "d");
  writeFileSync(join(base, "outside"), "");
  mkdirSync(join(root, "zz"));
  let seen = 0;
  const paths: string[] = [];
  let troubles = 0;
  for (const item of walkTree(tree, tree.openRoot(root), takeAll)) {
    if (isTrouble(item)) troubles += 1;
    else paths.push(item.path);
    // At the bottom, move the directory out of the root: `..` leads elsewhere now.
    if (++seen === 301) renameSync(join(root, "d"), join(base, "moved"));
  }
  assert.ok(!paths.includes("outside") && !paths.some((path) => path.endsWith("/outside")));
  assert.ok(troubles <= 1);
});

test(
  "walkTree() lists a directory that may not be read",
  { skip: process.getuid?.() === 0 ? "root may read everything" : false },
  (context) => {
    const root = smallTree(context);
    chmodSync(join(root, "d"), 0);
    assert.deepEqual(walk(root).troubles, ["d"]);
  },
);

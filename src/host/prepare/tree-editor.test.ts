import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { run } from "../../../test/support/run.ts";
import { asRoot, temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import type { ByteString, TreePath } from "../../core/tree/byte-string.ts";
import type { TreeEditor } from "../../system/prepare/ports.ts";
import { openTreeEditor } from "./tree-editor.ts";

interface Place {
  readonly root: string;
  readonly outside: string;
  readonly tree: TreeEditor;
  readonly unusable: string[];
}

function place(context: TestContext): Place {
  const directory = temporaryDirectory(context);
  const [root, outside] = [join(directory, "root"), join(directory, "outside")];
  for (const path of [join(root, "etc"), outside]) mkdirSync(path, { recursive: true });
  writeFileSync(join(outside, "secret"), "secret");
  const tree = openTreeEditor(root);
  context.after(() => tree[Symbol.dispose]());
  const unusable: string[] = [];
  tree.onUnusable = (path, why) => void unusable.push(`${path}: ${why}`);
  return { root, outside, tree, unusable };
}

const path = (text: string): TreePath => text as TreePath;
const text = Buffer.from("new");

test("write() keeps mode, owner, attributes and flags, and leaves nothing beside the file", asRoot, (context) => {
  const { root, tree } = place(context);
  const file = join(root, "etc/file");
  writeFileSync(file, "old");
  chmodSync(file, 0o4751);
  chownSync(file, 12, 34);
  chmodSync(file, 0o4751);
  run("setfattr", "-n", "user.note", "-v", "kept", file);
  run("chattr", "+i", file);
  tree.write(path("etc/file"), text, 0o600);
  assert.equal(readFileSync(file, "utf8"), "new");
  const { mode, uid, gid } = statSync(file);
  assert.deepEqual([mode & 0o7777, uid, gid], [0o4751, 12, 34]);
  assert.match(run("getfattr", "--only-values", "-n", "user.note", file), /kept/);
  assert.match(run("lsattr", file), /^-*i/);
  assert.deepEqual(readdirSync(join(root, "etc")), ["file"]);
});

test("write() makes what is missing, and it belongs to whom the tree belongs to", asRoot, (context) => {
  const { root, tree } = place(context);
  chownSync(root, 65_536 * 8, 65_536 * 8);
  tree.write(path("etc/a/b/file"), text, 0o444);
  for (const [name, mode] of [
    ["etc/a", 0o755],
    ["etc/a/b", 0o755],
    ["etc/a/b/file", 0o444],
  ] as const) {
    const stat = statSync(join(root, name));
    assert.deepEqual([stat.mode & 0o777, stat.uid, stat.gid], [mode, 65_536 * 8, 65_536 * 8]);
  }
});

test("write() follows a symlink inside the tree as the system would, and never out of it", (context) => {
  const { root, outside, tree } = place(context);
  mkdirSync(join(root, "data"));
  writeFileSync(join(root, "data/hostname"), "old");
  symlinkSync("/data/hostname", join(root, "etc/hostname"));
  tree.write(path("etc/hostname"), text, 0o644);
  assert.equal(readFileSync(join(root, "data/hostname"), "utf8"), "new");
  assert.ok(lstatSync(join(root, "etc/hostname")).isSymbolicLink());

  const [relative, absolute] = ["../../outside/secret", join(outside, "secret")];
  for (const [at, target] of Object.entries({ a: relative, b: absolute })) {
    symlinkSync(target, join(root, "etc", at));
    assert.equal(tree.read(path(`etc/${at}`), 100), undefined);
    tree.write(path(`etc/${at}`), text, 0o644);
  }
  symlinkSync(outside, join(root, "var"));
  tree.write(path("var/lib"), text, 0o644);
  symlinkSync("../../outside", join(root, "etc/folder"));
  assert.deepEqual(
    tree.list(path("etc/folder")),
    ["secret"],
    "an outside of its own, inside, made by the writes above",
  );
  tree.remove(path("etc/folder/secret"));
  assert.deepEqual(readdirSync(outside), ["secret"]);
  assert.equal(readFileSync(join(outside, "secret"), "utf8"), "secret");
});

test("a file with further names is not changed under those", (context) => {
  const { root, outside, tree } = place(context);
  linkSync(join(outside, "secret"), join(root, "etc/fstab"));
  tree.write(path("etc/fstab"), text, 0o644);
  assert.equal(readFileSync(join(outside, "secret"), "utf8"), "secret");
});

test("read() opens no FIFO, device or giant file, and says so", { ...asRoot, timeout: 5000 }, (context) => {
  const { root, tree, unusable } = place(context);
  run("mkfifo", join(root, "etc/fstab"));
  run("mknod", join(root, "etc/hosts"), "c", "1", "5");
  writeFileSync(join(root, "etc/hostname"), "");
  truncateSync(join(root, "etc/hostname"), 2 ** 40);
  for (const name of ["fstab", "hosts", "hostname"]) assert.equal(tree.read(path(`etc/${name}`), 1000), undefined);
  assert.equal(unusable.length, 3);
  assert.match(unusable.join(), /fifo.*character-device.*1099511627776 bytes/);
  assert.throws(() => tree.write(path("etc/fstab"), text, 0o644), { code: "SYSTEM_CALL" });
  assert.throws(() => tree.copy(path("etc/hostname"), path("etc/copy")), { code: "SYSTEM_CALL" });
});

test("symlinks in a circle, directories in the place of files and names such as .. are refused", (context) => {
  const { root, tree } = place(context);
  symlinkSync("b", join(root, "etc/a"));
  symlinkSync("a", join(root, "etc/b"));
  mkdirSync(join(root, "etc/machine-id"));
  symlinkSync("..", join(root, "etc/up"));
  for (const name of ["etc/a", "etc/machine-id", "etc/up", "etc/.."])
    assert.throws(() => tree.write(path(name), text, 0o644), { code: "SYSTEM_CALL" }, name);
  assert.ok(existsSync(join(root, "etc/machine-id")));
});

test("remove() and link() act on a symlink itself", (context) => {
  const { root, outside, tree } = place(context);
  symlinkSync(outside, join(root, "etc/a"));
  symlinkSync(outside, join(root, "etc/b"));
  tree.remove(path("etc/a"));
  tree.remove(path("etc/a"));
  tree.link(path("etc/b"), "/etc/c" as ByteString);
  tree.link(path("etc/b"), "/etc/c" as ByteString);
  assert.equal(tree.linkTarget(path("etc/b")), "/etc/c");
  assert.deepEqual([readdirSync(join(root, "etc")), readdirSync(outside)], [["b"], ["secret"]]);
});

test("what a killed run left beside a file is not in the way", (context) => {
  const { root, tree } = place(context);
  symlinkSync("/etc/passwd", join(root, "etc/.rehome-prepare.new"));
  tree.write(path("etc/file"), text, 0o644);
  assert.deepEqual(readdirSync(join(root, "etc")), ["file"]);
});

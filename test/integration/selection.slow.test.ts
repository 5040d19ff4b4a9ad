import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  capture,
  displayBytes,
  listEntries,
  planCaptureOf,
  restore,
  type CaptureResult,
  type Entry,
} from "../../src/index.ts";
import { loopMount, memoryMount, mount } from "../support/file-systems.ts";
import { testPlace, type Place } from "../support/place.ts";
import { run } from "../support/run.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

function ground(context: TestContext, ...paths: readonly string[]): { readonly place: Place; readonly tree: string } {
  const place = testPlace(context);
  const tree = join(place.directory, "tree");
  mkdirSync(tree);
  for (const path of paths) {
    mkdirSync(join(tree, path, ".."), { recursive: true });
    if (path.endsWith("/")) mkdirSync(join(tree, path), { recursive: true });
    else writeFileSync(join(tree, path), path);
  }
  return { place, tree };
}

async function entriesOf(place: Place, image = "tree"): Promise<Entry[]> {
  return await Array.fromAsync(listEntries(image, "", { paths: place.paths }));
}

async function captured(place: Place, tree: string, options: Parameters<typeof capture>[1] = {}): Promise<string[]> {
  await capture(tree, { paths: place.paths, name: "tree", ...options });
  return (await entriesOf(place)).map(({ path }) => displayBytes(path));
}

const leftOut = ({ manifest }: CaptureResult): string[] =>
  manifest.tail.warnings.filter(({ kind }) => kind === "left-out").map(({ path }) => path ?? "");

test("capture() leaves out what patterns exclude, and takes back what they take back", async (context) => {
  const { place, tree } = ground(
    context,
    "keep.log",
    "a.log",
    "dir/b.log",
    "dir/keep.log",
    "cache/one",
    "cache/sub/two",
    "src/cache",
    "build/x",
    "über/café.txt",
    "tmp/",
  );
  const excludes = ["*.log", "!keep.log", "/cache", "build/", "über/caf?*.txt"];
  assert.deepEqual(await captured(place, tree, { excludes }), [
    "",
    "build",
    "cache",
    "dir",
    "dir/keep.log",
    "keep.log",
    "src",
    "src/cache",
    "tmp",
    "über",
  ]);
});

test("capture() keeps an excluded directory, empty, with its mode, owner and attributes", asRoot, async (context) => {
  const { place, tree } = ground(context, "cache/one", "cache/deep/two", "file");
  const cache = join(tree, "cache");
  chownSync(cache, 1234, 4321);
  chmodSync(cache, 0o2751);
  run("setfattr", "-n", "user.note", "-v", "kept", cache);
  run("touch", "-d", "2020-02-03T04:05:06.123456789Z", cache);
  const wanted = snapshotTree(cache)[0];
  const result = await capture(tree, { paths: place.paths, name: "tree", excludes: ["cache"] });
  assert.deepEqual(result.manifest.head.excludes, ["cache"]);
  await restore("tree", join(place.directory, "copy"), { paths: place.paths });
  assert.deepEqual(snapshotTree(join(place.directory, "copy/cache")), [wanted]);
});

test("capture() matches patterns by bytes, also of names that are no text", async (context) => {
  const { place, tree } = ground(context);
  for (const name of [
    Buffer.from("bad-\xff.x", "latin1"),
    Buffer.from("bad-\xff.y", "latin1"),
    Buffer.from("new\nline.x"),
    Buffer.from(" space .x "),
  ])
    writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), name]), "");
  assert.deepEqual(await captured(place, tree, { excludes: ["*.x"] }), ["", " space .x ", "bad-\\xff.y"]);
});

test("capture() refuses a pattern that it cannot use, before anything is stored", async (context) => {
  const { place, tree } = ground(context, "file");
  await assert.rejects(capture(tree, { paths: place.paths, excludes: ["a\nb"] }), { code: "USAGE" });
});

test("capture() leaves out its own store and caches where they lie in the tree", async (context) => {
  const { place, tree } = ground(context, "file", "state/other");
  const paths = { ...place.paths, stateDirectory: join(tree, "state"), store: join(tree, "state/store") };
  const first = await capture(tree, { paths, name: "tree" });
  assert.deepEqual(leftOut(first).toSorted(), ["state/cache", "state/clone", "state/store"]);
  const second = await capture(tree, { paths, name: "tree" });
  const names = (await Array.fromAsync(listEntries("tree", "", { paths }))).map(({ path }) => path);
  assert.deepEqual(names, ["", "file", "state", "state/cache", "state/other", "state/store"]);
  assert.equal(second.manifest.tail.counts.entries, names.length);
});

test(
  "capture() of a directory goes into what is mounted in it, and keeps other mounts as empty directories",
  asRoot,
  async (context) => {
    const { place, tree } = ground(context, "file", "proc/hidden", "disk/hidden", "memory/hidden");
    const disk = loopMount(context, 16);
    writeFileSync(join(disk, "on-disk"), "");
    mount(context, join(tree, "disk"), "--bind", disk);
    const memory = memoryMount(context, "size=1m,mode=750");
    writeFileSync(join(memory, "in-memory"), "");
    mount(context, join(tree, "memory"), "--bind", memory);
    mount(context, join(tree, "proc"), "-t", "proc", "proc");
    const all = await captured(place, tree);
    assert.deepEqual(all, [
      "",
      "disk",
      "disk/lost+found",
      "disk/on-disk",
      "file",
      "memory",
      "memory/in-memory",
      "proc",
    ]);
    const one = await capture(tree, { paths: place.paths, name: "one", oneFileSystem: true });
    assert.deepEqual(
      (await entriesOf(place, "one")).map(({ path }) => path),
      ["", "disk", "file", "memory", "proc"],
    );
    assert.deepEqual(leftOut(one).toSorted(), ["disk", "memory", "proc"]);
    const { mode } = (await entriesOf(place, "one")).find(({ path }) => path === "memory") ?? { mode: 0 };
    assert.equal(mode, 0o750, "the mode is that of what is mounted there");
    const chosen = await captured(place, tree, { oneFileSystem: true, includeMounts: [join(tree, "disk")] });
    assert.deepEqual(chosen, ["", "disk", "disk/lost+found", "disk/on-disk", "file", "memory", "proc"]);
  },
);

test("capture() of a mount point takes what is mounted there", asRoot, async (context) => {
  const { place } = ground(context);
  const disk = loopMount(context, 16);
  writeFileSync(join(disk, "on-disk"), "");
  assert.deepEqual(await captured(place, disk), ["", "lost+found", "on-disk"]);
});

test("capture() takes a symlink as its operand, and never follows one in the tree", async (context) => {
  const { place, tree } = ground(context, "dir/file");
  symlinkSync(tree, join(place.directory, "to-tree"));
  symlinkSync("dir", join(tree, "to-dir"));
  assert.deepEqual(await captured(place, join(place.directory, "to-tree")), ["", "dir", "dir/file", "to-dir"]);
});

test("capture() by way of a symlink knows the mounts and the store below all the same", asRoot, async (context) => {
  const { place, tree } = ground(context, "file", "disk/");
  const disk = loopMount(context, 16);
  writeFileSync(join(disk, "on-disk"), "");
  mount(context, join(tree, "disk"), "--bind", disk);
  symlinkSync(place.directory, join(place.directory, "round"));
  const paths = { ...place.paths, store: join(place.directory, "round/tree/store") };
  const result = await capture(join(place.directory, "round/tree"), { paths, name: "tree" });
  assert.deepEqual(leftOut(result), ["store"]);
  const names = (await Array.fromAsync(listEntries("tree", "", { paths }))).map(({ path }) => path);
  assert.deepEqual(names, ["", "disk", "disk/lost+found", "disk/on-disk", "file", "store"]);
});

test("planCaptureOf() changes nothing and refuses what is no system", async (context) => {
  const { place, tree } = ground(context, "file");
  const { plan } = await planCaptureOf(tree, { paths: place.paths, name: "x" });
  assert.deepEqual([plan.kind, plan.root, plan.consistency, plan.ownerShift], ["directory", tree, "fuzzy", 0]);
  for (const operand of [join(tree, "absent"), join(tree, "file"), "machine:absent"])
    await assert.rejects(planCaptureOf(operand, { paths: place.paths }), { code: "SYSTEM_NOT_FOUND" });
  for (const operand of ["tree", "@0123456789", "role:x"])
    await assert.rejects(planCaptureOf(operand, { paths: place.paths }), { code: "USAGE" });
});

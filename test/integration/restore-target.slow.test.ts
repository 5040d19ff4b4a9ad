import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { capture, restore } from "../../src/index.ts";
import { loopFileSystem, loopMount, mount } from "../support/file-systems.ts";
import { smallSystem, type SmallSystem } from "../support/small-system.ts";
import { run } from "../support/run.ts";
import { snapshotTree, type SnapshotEntry } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

const stages = ({ place }: SmallSystem): string[] =>
  readdirSync(place.directory).filter((name) => name.startsWith(".target.rehome-"));
const byPath = (entries: readonly SnapshotEntry[]): Map<string, SnapshotEntry> =>
  new Map(entries.map((entry) => [entry.path, entry]));

/** A signal that is aborted once so many entries were written. */
function stopAfter(items: number): Pick<NonNullable<Parameters<typeof restore>[2]>, "signal" | "onProgress"> {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onProgress: (progress) => void (progress.phase === "writing" && progress.items >= items && controller.abort()),
  };
}

test("restore() refuses a directory that is not empty, and anything that is no directory", async (context) => {
  const own = await smallSystem(context);
  mkdirSync(own.target);
  writeFileSync(join(own.target, "mine"), "mine");
  await assert.rejects(own.put(), { code: "TARGET_UNSUITABLE" });
  assert.deepEqual(readdirSync(own.target), ["mine"]);
  rmSync(own.target, { recursive: true });
  writeFileSync(own.target, "a file");
  await assert.rejects(own.put(), { code: "TARGET_UNSUITABLE" });
  await assert.rejects(own.put({ intoExisting: true }), { code: "TARGET_UNSUITABLE" });
  assert.equal(readFileSync(own.target, "utf8"), "a file");
  assert.deepEqual(stages(own), []);
});

test("restore() into an empty directory takes its place, with the root's own metadata", asRoot, async (context) => {
  const own = await smallSystem(context);
  mkdirSync(own.target, { mode: 0o777 });
  await own.put({ verify: true });
  assert.deepEqual(snapshotTree(own.target), snapshotTree(own.tree));
  assert.deepEqual(stages(own), []);
});

test(
  "restore() that was stopped goes on when the same is asked for, and refuses anything else",
  asRoot,
  async (context) => {
    const own = await smallSystem(context);
    for (let number = 0; number < 900; number++)
      writeFileSync(join(own.tree, "var", `file-${number}`), `content ${number}`);
    await capture(own.tree, { paths: own.place.paths, name: "web" });
    await assert.rejects(own.put(stopAfter(256)), { code: "INTERRUPTED" });
    assert.equal(stages(own).length, 1);
    assert.ok(!existsSync(own.target));
    await assert.rejects(own.put({}, "web:1"), { code: "TARGET_UNSUITABLE" });
    await assert.rejects(own.put({ path: "etc" }), { code: "TARGET_UNSUITABLE" });
    await assert.rejects(own.put(stopAfter(512)), { code: "INTERRUPTED" });
    assert.equal(stages(own).length, 1, "it went on in the same stage");
    const { resumed } = await own.put({ verify: true });
    assert.equal(resumed, true);
    assert.deepEqual(snapshotTree(own.target), snapshotTree(own.tree));
    assert.deepEqual(stages(own), []);
  },
);

test("restore() of a part gives that and the directories that lead there", asRoot, async (context) => {
  const own = await smallSystem(context);
  await own.put({ path: "/etc/ssh", verify: true });
  const [copy, whole] = [snapshotTree(own.target), byPath(snapshotTree(own.tree))];
  assert.deepEqual(
    copy.map(({ path }) => path),
    ["", "etc", "etc/ssh", "etc/ssh/key"],
  );
  for (const entry of copy) assert.deepEqual(entry, whole.get(entry.path));
  await assert.rejects(restore("web", join(own.place.directory, "other"), { paths: own.place.paths, path: "absent" }), {
    code: "PATH_NOT_FOUND",
  });
  await assert.rejects(restore("web", join(own.place.directory, "other"), { paths: own.place.paths, path: "../etc" }), {
    code: "USAGE",
  });
});

test(
  "restore() of a part gives a further name of a file elsewhere as that file, and its other names as further names of it",
  asRoot,
  async (context) => {
    const own = await smallSystem(context);
    await own.put({ path: "usr", verify: true });
    const copy = byPath(snapshotTree(own.target));
    assert.deepEqual(
      [copy.get("usr/bin/passwd-link")?.firstName, copy.get("usr/bin/second-link")?.firstName],
      ["usr/bin/passwd-link", "usr/bin/passwd-link"],
    );
    assert.equal(readFileSync(join(own.target, "usr/bin/second-link"), "utf8"), "content of etc/passwd");
    assert.equal(statSync(join(own.target, "usr/bin/second-link")).nlink, 2);
  },
);

test("restore() of a single file gives it below the directories that lead there", asRoot, async (context) => {
  const own = await smallSystem(context);
  await own.put({ path: "etc/passwd", verify: true });
  assert.deepEqual(
    snapshotTree(own.target).map(({ path }) => path),
    ["", "etc", "etc/passwd"],
  );
});

test(
  "restore() onto a mount point works in place, goes on there, and leaves the root as the image has it",
  asRoot,
  async (context) => {
    const own = await smallSystem(context);
    for (let number = 0; number < 900; number++)
      writeFileSync(join(own.tree, "var", `file-${number}`), `content ${number}`);
    utimesSync(own.tree, 1_000_000_000, 1_000_000_000);
    await capture(own.tree, { paths: own.place.paths, name: "web" });
    const mounted = loopMount(context, 64);
    const put = (options?: Parameters<typeof restore>[2]): ReturnType<typeof restore> =>
      restore("web", mounted, { paths: own.place.paths, ...options });
    await assert.rejects(put(stopAfter(256)), { code: "INTERRUPTED" });
    assert.ok(existsSync(join(mounted, ".rehome-restore")));
    await assert.rejects(restore("web:1", mounted, { paths: own.place.paths }), { code: "TARGET_UNSUITABLE" });
    const { resumed } = await put({ verify: true });
    assert.equal(resumed, true);
    const copy = snapshotTree(mounted).filter(({ path }) => path !== "lost+found");
    assert.deepEqual(copy, snapshotTree(own.tree));
    await assert.rejects(put(), { code: "TARGET_UNSUITABLE" }, "it is not empty any more");
  },
);

test("restore() onto a bind mount works in place too", asRoot, async (context) => {
  const own = await smallSystem(context);
  const other = join(own.place.directory, "other");
  mkdirSync(other);
  mount(context, own.target, "--bind", other);
  await own.put({ verify: true });
  assert.deepEqual(snapshotTree(other), snapshotTree(own.tree));
  assert.deepEqual(stages(own), []);
});

test(
  "restore() with an immutable root, and immutable and append-only directories, gives them back",
  asRoot,
  async (context) => {
    const own = await smallSystem(context, loopFileSystem(context, 64));
    for (const [flag, path] of [
      ["i", ""],
      ["a", "var"],
      ["i", "etc/ssh"],
      ["i", "etc/passwd"],
    ] as const)
      run("chattr", `+${flag}`, join(own.tree, path));
    await capture(own.tree, { paths: own.place.paths, name: "web" });
    await own.put({ verify: true });
    assert.deepEqual(snapshotTree(own.target), snapshotTree(own.tree));
  },
);

test("restore() by way of a symlink takes the place of what it leads to", asRoot, async (context) => {
  const own = await smallSystem(context);
  mkdirSync(join(own.place.directory, "real"));
  symlinkSync("real", own.target);
  await own.put({ verify: true });
  assert.deepEqual(snapshotTree(join(own.place.directory, "real")), snapshotTree(own.tree));
  symlinkSync("nowhere", join(own.place.directory, "dangling"));
  await assert.rejects(restore("web", join(own.place.directory, "dangling"), { paths: own.place.paths }), {
    code: "TARGET_UNSUITABLE",
  });
  const inside = join(own.place.directory, "real/etc/new");
  await restore("web", join(own.target, "etc/new"), { paths: own.place.paths });
  assert.ok(existsSync(join(inside, "z")));
});

import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  linkSync,
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
import { test, type TestContext } from "node:test";
import { capture, diffTree, listImages, planRestoreOf, restore } from "../../src/index.ts";
import { loopFileSystem, loopMount, mount } from "../support/file-systems.ts";
import { testPlace, type Place } from "../support/place.ts";
import { run } from "../support/run.ts";
import { snapshotTree, type SnapshotEntry } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

interface Ground {
  readonly place: Place;
  readonly tree: string;
  readonly target: string;
  readonly put: (options?: Parameters<typeof restore>[2], image?: string) => ReturnType<typeof restore>;
}

/** A captured tree with directories, files, further names and links; `target` lies on the same file system. */
async function ground(context: TestContext, below?: string): Promise<Ground> {
  const place = testPlace(context, below);
  const tree = join(place.directory, "tree");
  for (const folder of ["etc/ssh", "usr/bin", "var/empty"]) mkdirSync(join(tree, folder), { recursive: true });
  for (const path of ["etc/passwd", "etc/ssh/key", "usr/bin/one", "z"])
    writeFileSync(join(tree, path), `content of ${path}`);
  linkSync(join(tree, "etc/passwd"), join(tree, "usr/bin/passwd-link"));
  linkSync(join(tree, "etc/passwd"), join(tree, "usr/bin/second-link"));
  symlinkSync("one", join(tree, "usr/bin/two"));
  chmodSync(join(tree, "etc/ssh/key"), 0o600);
  chmodSync(join(tree, "usr"), 0o711);
  for (const path of ["usr", "etc/ssh", "etc", ""]) utimesSync(join(tree, path), 1_000_000_000, 1_000_000_000);
  await capture(tree, { paths: place.paths, name: "web" });
  const target = join(place.directory, "target");
  return {
    place,
    tree,
    target,
    put: (options, image = "web") => restore(image, target, { paths: place.paths, ...options }),
  };
}

const stages = ({ place }: Ground): string[] =>
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
  const own = await ground(context);
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
  const own = await ground(context);
  mkdirSync(own.target, { mode: 0o777 });
  await own.put({ verify: true });
  assert.deepEqual(snapshotTree(own.target), snapshotTree(own.tree));
  assert.deepEqual(stages(own), []);
});

test(
  "restore() that was stopped goes on when the same is asked for, and refuses anything else",
  asRoot,
  async (context) => {
    const own = await ground(context);
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
  const own = await ground(context);
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
    const own = await ground(context);
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
  const own = await ground(context);
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
    const own = await ground(context);
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
  const own = await ground(context);
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
    const own = await ground(context, loopFileSystem(context, 64));
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

test("restore() into an existing directory changes only what differs, after a backup", asRoot, async (context) => {
  const own = await ground(context);
  await own.put();
  const untouched = statSync(join(own.target, "z")).ino;
  writeFileSync(join(own.target, "etc/passwd"), "changed");
  rmSync(join(own.target, "usr/bin/one"));
  mkdirSync(join(own.target, "usr/bin/one"));
  writeFileSync(join(own.target, "usr/bin/one/inside"), "");
  writeFileSync(join(own.target, "extra"), "extra");
  chmodSync(join(own.target, "etc/ssh/key"), 0o644);
  const before = snapshotTree(own.target);
  const { plan, differences } = await planRestoreOf("web", own.target, { paths: own.place.paths, intoExisting: true });
  assert.equal(plan.mode, "converge");
  assert.ok(differences.some(({ path }) => path === "etc/passwd"));
  assert.deepEqual(snapshotTree(own.target), before, "a plan changes nothing");

  const { backup } = await own.put({ intoExisting: true, verify: true });
  assert.equal(backup?.name, "web-before-restore");
  assert.equal(readFileSync(join(own.target, "extra"), "utf8"), "extra", "what the image does not have stays");
  assert.equal(statSync(join(own.target, "z")).ino, untouched, "what is equal is not written");
  assert.deepEqual(
    (await Array.fromAsync(diffTree("web", own.target, { paths: own.place.paths }))).map(
      ({ path, change }) => `${change} ${path}`,
    ),
    ["added extra"],
  );
  await restore("web-before-restore", join(own.place.directory, "back"), { paths: own.place.paths });
  assert.deepEqual(snapshotTree(join(own.place.directory, "back")), before, "the backup is what was there");

  await own.put({ intoExisting: true, delete: true, verify: true });
  assert.deepEqual(snapshotTree(own.target), snapshotTree(own.tree));
});

test(
  "restore() into an existing directory leaves no time of a directory changed by what it removed",
  asRoot,
  async (context) => {
    const own = await ground(context);
    await own.put();
    writeFileSync(join(own.target, "usr/extra"), "");
    utimesSync(join(own.target, "usr"), 1_000_000_000, 1_000_000_000);
    await own.put({ intoExisting: true, delete: true, backup: false, verify: true });
    assert.deepEqual(snapshotTree(own.target), snapshotTree(own.tree));
  },
);

test(
  "restore() into an existing directory makes no backup where that is asked for, or where nothing differs",
  asRoot,
  async (context) => {
    const own = await ground(context);
    await own.put();
    assert.equal((await own.put({ intoExisting: true })).backup, undefined);
    writeFileSync(join(own.target, "z"), "changed");
    assert.equal((await own.put({ intoExisting: true, backup: false })).backup, undefined);
    assert.deepEqual(
      (await listImages({ paths: own.place.paths })).map(({ name }) => name),
      ["web"],
    );
    assert.deepEqual(snapshotTree(own.target), snapshotTree(own.tree));
  },
);

test("restore() by way of a symlink takes the place of what it leads to", asRoot, async (context) => {
  const own = await ground(context);
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

test(
  "a directory in the place of a further name is found different, and made that name again",
  asRoot,
  async (context) => {
    const own = await ground(context);
    await own.put();
    const name = join(own.target, "usr/bin/passwd-link");
    rmSync(name);
    mkdirSync(name);
    writeFileSync(join(name, "inside"), "");
    const differences = await Array.fromAsync(diffTree("web", own.target, { paths: own.place.paths }));
    assert.ok(differences.some(({ path, change }) => path === "usr/bin/passwd-link" && change === "changed"));
    await own.put({ intoExisting: true, delete: true, backup: false, verify: true });
    assert.deepEqual(snapshotTree(own.target), snapshotTree(own.tree));
  },
);

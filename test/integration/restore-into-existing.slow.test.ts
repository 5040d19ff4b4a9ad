import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { diffTree, listImages, planRestoreOf, restore } from "../../src/index.ts";
import { loopFileSystem } from "../support/file-systems.ts";
import { smallSystem } from "../support/small-system.ts";
import { run } from "../support/run.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

test("restore() into an existing directory changes only what differs, after a backup", asRoot, async (context) => {
  const own = await smallSystem(context);
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
    const own = await smallSystem(context);
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
    const own = await smallSystem(context);
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

test(
  "a directory in the place of a further name is found different, and made that name again",
  asRoot,
  async (context) => {
    const own = await smallSystem(context);
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

test("restore() into an existing directory changes what protects itself, the root too", asRoot, async (context) => {
  const own = await smallSystem(context, loopFileSystem(context, 64));
  await own.put();
  for (const flag of ["a", "i"]) {
    writeFileSync(join(own.target, "z"), `changed under ${flag}`);
    writeFileSync(join(own.target, "etc/passwd"), `changed under ${flag}`);
    writeFileSync(join(own.target, "usr/extra"), "");
    for (const path of ["z", "etc/passwd", "etc", "usr", ""]) run("chattr", `+${flag}`, join(own.target, path));
    const { losses } = await own.put({ intoExisting: true, delete: true, backup: false, verify: true });
    assert.deepEqual(losses, []);
    assert.deepEqual(snapshotTree(own.target), snapshotTree(own.tree));
  }
});

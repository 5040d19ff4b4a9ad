import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BuildInvalidError, BuildNotResumableError, BuildRegistrationError } from "../../src/journeys/build/index.ts";
import { diffImages, listImages, resumeJob, undoJobOf } from "../../src/index.ts";
import { BuildScene, moduleWith, script } from "../support/build-scene.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

const three = [
  script("one", 'echo 1 > "$REHOME_ROOT/one"; echo w > "$REHOME_WORK/kept"; ln "$REHOME_ROOT/one" "$REHOME_ROOT/link"'),
  script("two", 'cat "$REHOME_ROOT/one" "$REHOME_WORK/kept" > "$REHOME_ROOT/two"; chattr +i "$REHOME_ROOT/one"'),
  { name: "image", uses: "capture", with: { name: "thing" } },
];

test(
  "a build begins at any checkpoint with the exact state before it, whatever was done to the tree",
  asRoot,
  async (context) => {
    const scene = new BuildScene(context);
    scene.write(three);
    await scene.build();
    const built = snapshotTree(scene.tree);
    const [first] = await listImages({ paths: scene.paths });

    // Somebody scribbles over everything.
    for (const path of [scene.tree, join(scene.work, "build/work")]) {
      const { status } = await import("node:child_process").then(({ spawnSync }) =>
        spawnSync("chattr", ["-R", "-i", path]),
      );
      assert.equal(status, 0);
      rmSync(join(path, "one"), { force: true });
      writeFileSync(join(path, "scribble"), "x");
    }
    writeFileSync(join(scene.work, "build/work/kept"), "changed");

    const build = await scene.open();
    assert.deepEqual(
      (await build.list()).map(({ resumable }) => resumable.canResume),
      [true, true, true],
    );
    const outcome = await build.run({ resumeAt: "two" });
    assert.equal(outcome.status, "successful", String(outcome.error));
    assert.deepEqual(
      outcome.job?.checkpoints.map(({ name }) => name),
      ["two", "image"],
    );
    const withoutTimes = (entries: typeof built) =>
      entries.map(({ ...entry }) => ({ ...entry, mtime: undefined, mtimeNs: undefined }));
    assert.deepEqual(withoutTimes(snapshotTree(scene.tree)).length, withoutTimes(built).length);
    assert.equal(scene.read("two"), "1\nw\n");
    const images = await listImages({ paths: scene.paths });
    assert.deepEqual(
      images.map(({ name, tag }) => `${name}:${tag}`),
      ["thing:1", "thing:2"],
    );
    // The second checkpoint wrote its file anew; all else is what it was.
    const differences = await Array.fromAsync(diffImages(`@${first?.image}`, "thing:2", { paths: scene.paths }));
    assert.deepEqual(
      differences.map(({ path }) => path).filter((path) => path !== "" && path !== "two"),
      [],
    );
  },
);

test(
  "a build is paused before a checkpoint, goes on as its job or at that checkpoint, and the two together work",
  asRoot,
  async (context) => {
    const scene = new BuildScene(context);
    scene.write(three);
    const paused = await (await scene.open()).run({ pauseBefore: "two" });
    assert.deepEqual(
      [paused.status, paused.job?.state, existsSync(join(scene.tree, "two"))],
      ["paused", "paused", false],
    );

    const range = await (await scene.open()).run({ resumeAt: "two", pauseBefore: "image" });
    assert.deepEqual([range.status, scene.read("two")], ["paused", "1\nw\n"]);
    assert.deepEqual(
      range.job?.checkpoints.map(({ name, state }) => [name, state]),
      [
        ["two", "done"],
        ["image", "pending"],
      ],
    );
    assert.deepEqual(await listImages({ paths: scene.paths }).catch(() => []), []);

    assert.ok(paused.job && range.job);
    assert.equal((await resumeJob(range.job.id, { paths: scene.paths })).state, "done");
    assert.equal((await listImages({ paths: scene.paths })).length, 1);
    // The first job's next checkpoint has its starting state still.
    assert.equal((await resumeJob(paused.job.id, { paths: scene.paths })).state, "done");
    assert.equal((await listImages({ paths: scene.paths })).length, 2);
  },
);

test(
  "a build that failed half-way begins the failed checkpoint anew from its exact state, by the same command",
  asRoot,
  async (context) => {
    const scene = new BuildScene(context);
    const fails =
      'echo half > "$REHOME_ROOT/half"; rm "$REHOME_ROOT/one"; test -e "$FLAG"; echo done > "$REHOME_ROOT/two"';
    const flag = join(scene.work, "../flag");
    scene.write([
      three[0] ?? {},
      {
        name: "two",
        uses: "custom-script",
        with: { script: `test ! -e "$REHOME_ROOT/half"; ${fails}`, env: { FLAG: flag } },
      },
    ]);
    const failed = await (await scene.open()).run();
    assert.deepEqual([failed.status, failed.failed.map(({ checkpoint }) => checkpoint)], ["failed", ["two"]]);
    assert.equal(failed.failed[0]?.failure?.code, "CHECKPOINT_FAILED");
    writeFileSync(flag, "");
    const again = await (await scene.open()).run();
    assert.equal(again.status, "successful", String(again.error));
    assert.equal(again.job?.id, failed.job?.id);
    assert.deepEqual([scene.read("two"), scene.read("link")], ["done\n", "1\n"]);
  },
);

test(
  "a build says what changed and where it can be resumed, and goes on with a changed file only when told to",
  asRoot,
  async (context) => {
    const scene = new BuildScene(context);
    scene.writeBeside("two.sh", 'echo first > "$REHOME_ROOT/two"');
    scene.writeBeside("own.ts", moduleWith('writeFileSync(root + "/own", text ?? "");'));
    const checkpoints = [
      three[0] ?? {},
      { name: "two", uses: "custom-script", with: { file: "two.sh" } },
      { name: "own", uses: "./own.ts#Own", with: { text: "a" } },
      script("last", "true"),
    ];
    scene.write(checkpoints);
    const paused = await (await scene.open()).run({ pauseBefore: "two" });
    assert.equal(paused.status, "paused");

    // What was planned is not what there is now: the job refuses, and nothing runs.
    scene.writeBeside("two.sh", 'echo second > "$REHOME_ROOT/two"');
    assert.ok(paused.job);
    await assert.rejects(
      resumeJob(paused.job.id, { paths: scene.paths }),
      /the content of ".*two.sh" has changed since the build began/,
    );
    assert.equal(existsSync(join(scene.tree, "two")), false);

    const build = await scene.open();
    assert.equal((await build.run({ resumeAt: "two" })).status, "successful");
    assert.equal(scene.read("two"), "second\n");

    scene.writeBeside("own.ts", moduleWith('writeFileSync(root + "/own", "b" + text);'));
    const edited = await scene.open();
    assert.deepEqual(
      (await edited.list()).map(({ resumable }) => resumable.canResume),
      [true, true, true, false],
    );
    const refused = await edited.run({ resumeAt: "last" });
    assert.equal(refused.status, "refused");
    assert.ok(refused.error instanceof BuildNotResumableError);
    assert.match(refused.error.message, /"own" is not what it was: the module ".*own.ts" has changed/);
    assert.equal(refused.error.resumableAt, "own");
    assert.equal((await edited.run({ resumeAt: "own" })).status, "successful");
    assert.equal(scene.read("own"), "ba");

    scene.write(checkpoints.toSpliced(1, 0, script("between", "true")));
    assert.deepEqual(
      (await (await scene.open()).list()).map(({ resumable }) => resumable.canResume),
      [true, true, false, false, false],
    );
  },
);

test("data objects pass from one checkpoint to later ones, and come back with the state", asRoot, async (context) => {
  const scene = new BuildScene(context);
  const provides =
    'provides: { box: { type: "object", properties: { size: { type: "number" } }, additionalProperties: false } }, providesForRun: ["quick"],';
  scene.writeBeside("own.ts", moduleWith('data.set("box", { size: 7 }); data.setForRun("quick", "q");', provides));
  const later = {
    name: "later",
    uses: "custom-script",
    with: { script: 'echo "$A $REHOME_DATA_BOX_SIZE" > "$REHOME_ROOT/later"', env: { A: "%{box.size}" } },
  };
  scene.write([{ name: "own", uses: "./own.ts#Own" }, script("between", "true"), later]);
  await scene.build();
  assert.equal(scene.read("later"), "7 7\n");
  assert.equal((await (await scene.open()).run({ resumeAt: "later" })).status, "successful");
  assert.equal(scene.read("later"), "7 7\n");

  scene.write([
    { name: "own", uses: "./own.ts#Own" },
    { ...later, with: { ...later.with, env: { A: "%{quick}" } } },
  ]);
  await scene.build();
  assert.equal(scene.read("later"), "q 7\n");
  const refused = await (await scene.open()).run({ resumeAt: "later" });
  assert.match(String(refused.error), /"later" needs the object "quick", which lives only as long as the run/);

  scene.writeBeside("own.ts", moduleWith('data.set("box", { size: "7" });', provides));
  const wrong = await (await scene.open()).run();
  assert.match(String(wrong.error), /the data object box.size: expected a number, and it is "7"/);
});

test(
  "undo of a build leaves nothing of it; of one that began later it leaves what was before that",
  asRoot,
  async (context) => {
    const scene = new BuildScene(context);
    scene.write(three);
    const first = await (await scene.open()).run({ pauseBefore: "image" });
    const second = await (await scene.open()).run({ resumeAt: "two" });
    assert.ok(first.job && second.job);
    assert.equal((await listImages({ paths: scene.paths })).length, 1);
    assert.equal((await undoJobOf(second.job.id, { paths: scene.paths })).state, "undone");
    assert.deepEqual([existsSync(join(scene.tree, "one")), existsSync(join(scene.tree, "two"))], [true, false]);
    assert.deepEqual(await listImages({ paths: scene.paths }), []);
    assert.deepEqual(
      (await (await scene.open()).list()).map(({ resumable }) => resumable.canResume),
      [true, true, false],
    );
    assert.equal((await undoJobOf(first.job.id, { paths: scene.paths })).state, "undone");
    assert.equal(existsSync(scene.work), false);
  },
);

test("states are dropped with what no build can begin at, and all of them by a clean-up", asRoot, async (context) => {
  const scene = new BuildScene(context);
  const big = (seed: number) => script("big", `head -c 3000000 /dev/urandom > "$REHOME_ROOT/${seed}"`);
  scene.write([big(1), script("last", "true")]);
  await scene.build();
  const once = await (await scene.open()).stateBytes();
  for (const seed of [2, 3]) {
    scene.write([big(seed), script("last", "true")]);
    await scene.build();
  }
  const build = await scene.open();
  const bytes = await build.stateBytes();
  assert.ok(bytes < once * 1.5, `${once} bytes at first, ${bytes} after three builds`);
  await build.clean();
  assert.deepEqual([await build.stateBytes(), existsSync(scene.work)], [0, false]);
});

test(
  "register() adds checkpoints where nothing after them has been executed, and never while the build runs",
  asRoot,
  async (context) => {
    const scene = new BuildScene(context);
    scene.write([
      script("one", 'echo 1 > "$REHOME_ROOT/one"'),
      script("two", 'cat "$REHOME_ROOT/half" > "$REHOME_ROOT/two"'),
    ]);
    const build = await scene.open();
    const half = { name: "half", uses: "custom-script", with: { script: 'echo half > "$REHOME_ROOT/half"' } };
    await assert.rejects(build.register({ ...half, with: {} }, { before: "two" }), BuildInvalidError);
    await assert.rejects(build.register({ ...half, name: "one" }, { before: "two" }), BuildInvalidError);
    await assert.rejects(build.register({ ...half, name: "two" }, { before: "two" }), BuildInvalidError);
    assert.deepEqual(
      (await build.list()).map(({ name }) => name),
      ["one", "two"],
    );
    await build.register(half, { before: "two" });
    const running = build.run({ pauseBefore: "half" });
    await assert.rejects(build.register({ ...half, name: "other" }), BuildRegistrationError);
    await assert.rejects(build.run(), BuildRegistrationError);
    assert.equal((await running).status, "paused");
    await assert.rejects(build.register({ ...half, name: "zero" }, { before: "one" }), BuildRegistrationError);
    await build.register({ ...half, name: "more" }, { before: "half" });
    assert.equal((await build.run({ resumeAt: "more" })).status, "successful");
    assert.equal(scene.read("two"), "half\n");
  },
);

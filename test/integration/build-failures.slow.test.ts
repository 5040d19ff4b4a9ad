import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { BuildBusyError, BuildInvalidError } from "../../src/journeys/build/index.ts";
import { resumeJob, showJob, stopJob } from "../../src/index.ts";
import { BuildScene, moduleWith, script } from "../support/build-scene.ts";
import { memoryMount } from "../support/file-systems.ts";
import { asRoot } from "../support/temporary-directory.ts";

/** Processes of this host whose command line holds a word. */
function processesWith(word: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").includes(word);
      } catch {
        return false; // it has ended
      }
    });
}

async function gone(word: string): Promise<void> {
  for (let turn = 0; processesWith(word).length > 0; turn++) {
    assert.ok(turn < 100, `still there: ${processesWith(word).join(", ")}`);
    await wait(50);
  }
}

test("a script's daemon holds no build up and ends with the script", asRoot, async (context) => {
  const scene = new BuildScene(context);
  const daemon = "7777.11";
  scene.write([
    script("daemon", `setsid sh -c 'trap "" TERM HUP; sleep ${daemon}; true' & echo started`),
    script("next", "true"),
  ]);
  const startedMs = performance.now();
  await scene.build();
  assert.ok(performance.now() - startedMs < 60_000);
  await gone(daemon);
});

test("a script that hangs fails at its time-out, with all that it started", asRoot, async (context) => {
  const scene = new BuildScene(context);
  const sleeper = "7777.22";
  const hangs = script(
    "hangs",
    `echo waiting; setsid sleep ${sleeper} & trap "" TERM; while :; do sleep ${sleeper}; done`,
    { timeout: "2s" },
  );
  scene.write([script("before", "true"), hangs, script("after", 'echo > "$REHOME_ROOT/after"')]);
  const outcome = await (await scene.open()).run();
  assert.deepEqual(
    [outcome.status, outcome.failed[0]?.checkpoint, outcome.failed[0]?.failure?.code],
    ["failed", "hangs", "TIMED_OUT"],
  );
  await gone(sleeper);
  assert.ok(outcome.job);
  assert.match(scene.log("simple", outcome.job.id), /hangs: failed: .*took longer than the 2 s/);
  assert.match(scene.log("detail", outcome.job.id), /hangs: waiting/);
  assert.equal(existsSync(join(scene.tree, "after")), false);
});

test(
  "a script that fails tells its last lines, and with stop_on_error: false the others run",
  asRoot,
  async (context) => {
    const scene = new BuildScene(context);
    const checkpoints = [
      script("one", "echo first; echo second >&2; exit 3"),
      script("two", 'echo 2 > "$REHOME_ROOT/two"'),
    ];
    scene.write(checkpoints);
    const stopped = await (await scene.open()).run();
    assert.match(String(stopped.error), /it ended with status 3, and said: first \| second/);
    assert.equal(existsSync(join(scene.tree, "two")), false);
    scene.write(checkpoints, { stop_on_error: false });
    const went = await (await scene.open()).run();
    assert.deepEqual(
      [went.status, went.failed.map(({ checkpoint }) => checkpoint), scene.read("two")],
      ["failed", ["one"], "2\n"],
    );
    assert.deepEqual(
      (await (await scene.open()).list()).map(({ resumable }) => resumable.canResume),
      [true, false],
    );
  },
);

test("a script that fills the disk fails, and the build goes on once there is room", asRoot, async (context) => {
  const place = new BuildScene(context);
  const room = memoryMount(context, "size=64m");
  const flag = join(place.work, "../flag");
  place.write([
    script("one", 'echo 1 > "$REHOME_ROOT/one"'),
    {
      name: "fills",
      uses: "custom-script",
      with: {
        script: 'test -e "$FLAG" || cat /dev/zero > "$REHOME_ROOT/zero"; cp "$REHOME_ROOT/one" "$REHOME_ROOT/two"',
        env: { FLAG: flag },
      },
    },
  ]);
  const open = () => place.open({ work: join(room, "area") });
  const full = await (await open()).run();
  assert.deepEqual([full.status, full.failed[0]?.failure?.code], ["failed", "CHECKPOINT_FAILED"]);
  assert.match(String(full.error), /No space left/);
  writeFileSync(flag, "");
  assert.ok(full.job);
  assert.equal((await resumeJob(full.job.id, { paths: place.paths })).state, "done");
  assert.equal(existsSync(join(room, "area/build/tree/zero")), false);
  assert.equal(readFileSync(join(room, "area/build/tree/two"), "utf8"), "1\n");
});

test(
  "a checkpoint of one's own that throws, hangs or cannot be made is a failed checkpoint",
  asRoot,
  async (context) => {
    const scene = new BuildScene(context);
    const own = { name: "own", uses: "./own.ts#Own", timeout: "1s" };
    scene.write([own]);
    scene.writeBeside("own.ts", moduleWith('throw new Error("no luck")'));
    assert.match(String((await (await scene.open()).run()).error), /no luck/);
    scene.writeBeside(
      "own.ts",
      moduleWith("await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))"),
    );
    const late = await (await scene.open()).run();
    assert.deepEqual([late.status, late.failed[0]?.failure?.code], ["failed", "TIMED_OUT"]);
    for (const [text, why] of [
      ["throw new Error('at the top')", /cannot be loaded: at the top/],
      ["export const Own = 1", /is no constructor of checkpoints/],
      ["this is no TypeScript", /cannot be loaded/],
      ['import "./missing.ts"', /cannot be loaded/],
    ] as const) {
      scene.writeBeside("own.ts", text);
      await assert.rejects(scene.open(), (error) => error instanceof BuildInvalidError && why.test(error.message));
    }
  },
);

test("a module's own modules count, and are read anew each time", asRoot, async (context) => {
  const scene = new BuildScene(context);
  scene.writeBeside("part.ts", 'export const part = "one";');
  scene.writeBeside(
    "own.ts",
    `import { part } from "./part.ts";\n${moduleWith('writeFileSync(root + "/part", part);')}`,
  );
  scene.write([{ name: "own", uses: "./own.ts#Own" }, script("last", "true")]);
  await scene.build();
  scene.writeBeside("part.ts", 'export const part = "two";');
  const build = await scene.open();
  const [, last] = await build.list();
  assert.ok(last?.resumable.canResume === false);
  assert.match(last.resumable.why, /the module ".*part.ts" has changed/);
  assert.equal((await build.run()).status, "successful");
  assert.equal(scene.read("part"), "two");
});

test("a second build in the same place is refused, a dead one's place is free at once", asRoot, async (context) => {
  const scene = new BuildScene(context);
  scene.write([script("waits", "sleep 7777.33"), script("last", "true")]);
  const main = join(import.meta.dirname, "../../src/cli/main.ts");
  const environment = { ...process.env, REHOME_STATE_DIR: scene.paths.stateDirectory };
  const words = ["--disable-warning=ExperimentalWarning", main, "build", "--work", scene.work, scene.manifest];
  const child = spawn(process.execPath, words, { env: environment, stdio: "ignore" });
  const ended = new Promise((resolve) => void child.once("exit", resolve));
  while (processesWith("7777.33").length === 0) await wait(50);
  const refused = await (await scene.open()).run();
  assert.deepEqual([refused.status, refused.job], ["refused", undefined]);
  assert.ok(refused.error instanceof BuildBusyError);
  assert.match(refused.error.message, /job [0-9a-f]{8} \(process \d+, alive at 20/);
  child.kill("SIGKILL");
  await ended;
  scene.write([script("quick", 'echo 1 > "$REHOME_ROOT/one"')]);
  await scene.build();
  await gone("7777.33");
});

test("pause and cancel reach a build whose script runs, and end the script", asRoot, async (context) => {
  const scene = new BuildScene(context);
  scene.write([
    script("one", 'echo 1 > "$REHOME_ROOT/one"'),
    script("waits", 'echo half > "$REHOME_ROOT/half"; exec sleep 7777.44'),
  ]);
  for (const [stop, status] of [
    ["pause", "paused"],
    ["cancel", "cancelled"],
  ] as const) {
    let id = "";
    const running = (await scene.open()).run({ onJob: (job) => (id = job), resumeAt: "one" });
    while (processesWith("7777.44").length === 0) await wait(50);
    await stopJob(id, stop, { paths: scene.paths });
    const outcome = await running;
    assert.deepEqual([outcome.status, (await showJob(id, { paths: scene.paths })).state], [status, status]);
    await gone("7777.44");
  }
});

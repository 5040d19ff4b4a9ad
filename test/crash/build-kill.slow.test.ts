import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { listImages, listJobs, resumeJob, undoJobOf } from "../../src/index.ts";
import { showImage } from "../../src/library/images/images.ts";
import { BuildScene, moduleWith, script } from "../support/build-scene.ts";
import { randomNumbers, testSeed, testTimes } from "../support/seed.ts";
import { asRoot } from "../support/temporary-directory.ts";

const kills = 6 * testTimes;

/** A build in which nothing depends on the time of day, so that two runs of it make the same tree to the last byte. */
function scene(context: TestContext): BuildScene {
  const made = new BuildScene(context);
  made.writeBeside(
    "own.ts",
    moduleWith(
      'for (let i = 0; i < 300; i++) writeFileSync(`${root}/own-${i}`, "x".repeat(i * 100)); data.set("box", { size: 3 });',
      'provides: { box: { type: "object" } },',
    ),
  );
  made.write([
    script("files", 'for i in $(seq 300); do echo "$i" > "$REHOME_ROOT/$i"; done; mknod "$REHOME_ROOT/null" c 1 3'),
    { name: "own", uses: "./own.ts#Own" },
    script(
      "append",
      'echo more >> "$REHOME_ROOT/1"; mv "$REHOME_ROOT/2" "$REHOME_WORK/two"; chattr +i "$REHOME_ROOT/3"',
    ),
    script(
      "settle",
      'cp "$REHOME_WORK/two" "$REHOME_ROOT/$REHOME_DATA_BOX_SIZE-two"; find "$REHOME_ROOT" ! -name 3 -exec touch -h -d @1000000000 {} +; chattr -i "$REHOME_ROOT/3"; touch -d @1000000000 "$REHOME_ROOT/3"',
    ),
    { name: "image", uses: "capture", with: { name: "thing" } },
  ]);
  return made;
}

async function digestOf({ paths }: BuildScene): Promise<string> {
  assert.deepEqual(
    (await listImages({ paths })).map(({ name, tag }) => `${name}:${tag}`),
    ["thing:1"],
  );
  return (await showImage("thing", { paths })).manifest.tail.tree.digest;
}

test(
  "a build that is killed at any moment and resumed makes what an undisturbed one makes, or is undone without a trace",
  asRoot,
  async (context) => {
    context.diagnostic(`REHOME_TEST_SEED=${testSeed}`);
    const random = randomNumbers(testSeed);
    const reference = scene(context);
    const startedMs = performance.now();
    await killedAfter(reference, 10 ** 6);
    const wholeMs = performance.now() - startedMs;
    const digest = await digestOf(reference);
    let killed = 0;
    for (let round = 0; round < kills; round++) {
      const place = scene(context);
      await killedAfter(place, Math.floor(random() * wholeMs));
      const [job] = await listJobs({ paths: place.paths });
      if (job === undefined) continue;
      killed += job.state === "interrupted" ? 1 : 0;
      if (round % 3 === 2) {
        assert.equal((await undoJobOf(job.id, { paths: place.paths })).state, "undone");
        assert.deepEqual(await listImages({ paths: place.paths }).catch(() => []), []);
        assert.notEqual(spawnSync("test", ["-e", place.work]).status, 0);
        continue;
      }
      if (job.state !== "done") assert.equal((await resumeJob(job.id, { paths: place.paths })).state, "done");
      assert.equal(await digestOf(place), digest);
    }
    context.diagnostic(`${killed} of ${kills} were killed in the middle`);
  },
);

/** Runs the build in a process of its own, which is killed after so long. */
async function killedAfter({ paths, work, manifest }: BuildScene, ms: number): Promise<void> {
  const main = join(import.meta.dirname, "../../src/cli/main.ts");
  const env = { ...process.env, REHOME_STATE_DIR: paths.stateDirectory, REHOME_STORE: paths.store };
  const words = ["--disable-warning=ExperimentalWarning", main, "build", "--work", work, manifest];
  const child = spawn(process.execPath, words, { env, stdio: "ignore" });
  const ended = once(child, "exit");
  await Promise.race([ended, wait(ms, undefined, { ref: false })]);
  child.kill("SIGKILL");
  await ended;
}

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { captureAsJob, checkStore, copyAsJob, listImages } from "../../src/index.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { JobCrashes, ways, type JobCase } from "./job-crashes.ts";
import type { Scene } from "./job-sight.ts";
import { writeVersion } from "./store-on-disk.ts";

const secondStore = ({ paths }: Scene): string => join(paths.stateDirectory, "second");

/** Copies three images to a store that has the first of them already. */
const copyCase: JobCase = {
  async prepare(scene) {
    const { paths, tree } = scene;
    for (const version of [1, 2, 3]) {
      writeVersion(tree, version);
      await captureAsJob(`${tree}/`, { paths, name: "web" });
      if (version === 1) await copyAsJob(paths.store, secondStore(scene), { paths });
    }
  },
  run: (scene, options) => copyAsJob(scene.paths.store, secondStore(scene), { ...options, paths: scene.paths }),
  async more(scene) {
    const place = { paths: scene.paths, store: secondStore(scene) };
    assert.ok(existsSync(place.store));
    assert.deepEqual((await checkStore(place)).damages, []);
    return (await listImages(place)).map(({ name, tag, image }) => `${name}:${tag} ${image}`);
  },
};

for (const [way, work] of Object.entries(ways))
  test(`the job of a copy ${way}, wherever it died`, asRoot, async (t: TestContext) => {
    await work(await JobCrashes.of(t, copyCase));
  });

import { test, type TestContext } from "node:test";
import { captureAsJob, listImages, pruneAsJob, removeAsJob, removeImage, storeStats } from "../../src/index.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { JobCrashes, type JobCase } from "./job-crashes.ts";
import type { Scene } from "./job-sight.ts";
import { writeVersion } from "./store-on-disk.ts";

async function captureVersions({ paths, tree }: Scene): Promise<void> {
  for (const version of [1, 2, 3]) {
    writeVersion(tree, version);
    await captureAsJob(`${tree}/`, { paths, name: "web" });
  }
}

const cases: Readonly<Record<string, JobCase>> = {
  prune: {
    async prepare(scene) {
      await captureVersions(scene);
      await removeImage("web:1", { paths: scene.paths });
    },
    run: ({ paths }, options) => pruneAsJob({ ...options, paths, minNeededShare: 1 }),
    more: async ({ paths }) => (await storeStats({ paths })).garbageBytes,
  },
  rm: {
    prepare: captureVersions,
    async run({ paths }, options) {
      const names = (await listImages({ paths })).filter(({ tag }) => tag !== "2");
      await removeAsJob(names, { ...options, paths });
    },
  },
};

for (const [what, jobCase] of Object.entries(cases)) {
  test(`a ${what} is resumed, wherever it died`, asRoot, async (t: TestContext) => {
    await (await JobCrashes.of(t, jobCase)).resumeEverywhere();
  });
  test(`a ${what} is undone only before it has begun`, asRoot, async (t: TestContext) => {
    await (await JobCrashes.of(t, jobCase)).undoEverywhere();
  });
}

import { mkdirSync, utimesSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { captureAsJob, restoreAsJob, type RestoreOptions } from "../../src/index.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { JobCrashes, ways, type JobCase } from "./job-crashes.ts";
import type { Scene } from "./job-sight.ts";
import { writeVersion } from "./store-on-disk.ts";

async function captureTree({ paths, tree }: Scene): Promise<void> {
  writeVersion(tree, 2);
  await captureAsJob(`${tree}/`, { paths, name: "web" });
}

function restoring(options: RestoreOptions): JobCase["run"] {
  return ({ paths, target }, more) => restoreAsJob("web", target, { ...options, ...more, paths });
}

const cases: Readonly<Record<string, JobCase>> = {
  "a restore beside its target": {
    prepare: captureTree,
    run: restoring({ verify: true }),
  },
  "a restore over an empty directory": {
    async prepare(scene) {
      await captureTree(scene);
      mkdirSync(scene.target, { mode: 0o750 });
      utimesSync(scene.target, 1_650_000_000, 1_650_000_000.25);
    },
    run: restoring({}),
  },
  "a restore on a mount point": { prepare: captureTree, run: restoring({}), inPlace: true },
};

for (const [what, jobCase] of Object.entries(cases))
  for (const [way, work] of Object.entries(ways))
    test(`the job of ${what} ${way}, wherever it died`, asRoot, async (t: TestContext) => {
      await work(await JobCrashes.of(t, jobCase));
    });

import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { captureAsJob, restoreAsJob, type RestoreOptions } from "../../src/index.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { JobCrashes, ways, type JobCase } from "./job-crashes.ts";
import type { Scene } from "./job-sight.ts";
import { writeVersion } from "./store-on-disk.ts";

/** A directory that differs from the image, with something in it that the image does not have. */
async function prepare({ paths, tree, target }: Scene): Promise<void> {
  writeVersion(tree, 2);
  await captureAsJob(`${tree}/`, { paths, name: "web" });
  writeVersion(target, 5);
  mkdirSync(join(target, "extra/deep"), { recursive: true });
  writeFileSync(join(target, "extra/deep/file"), "not in the image");
  for (const path of ["extra/deep/file", "extra/deep", "extra", "."])
    utimesSync(join(target, path), 1_650_000_000, 1_650_000_000.25);
}

function converging(options: RestoreOptions): JobCase {
  return {
    prepare,
    run: ({ paths, target }, more) => restoreAsJob("web", target, { ...options, ...more, paths, intoExisting: true }),
  };
}

for (const [way, work] of Object.entries(ways))
  test(`a restore into an existing directory ${way}, wherever it died`, asRoot, async (t: TestContext) => {
    await work(await JobCrashes.of(t, converging({})));
  });

for (const [what, options] of [
  ["deletes", { delete: true }],
  ["has no backup", { backup: false }],
] as const) {
  test(`a restore that ${what} is resumed, wherever it died`, asRoot, async (t: TestContext) => {
    await (await JobCrashes.of(t, converging(options))).resumeEverywhere();
  });
  test(`a restore that ${what} is undone only before it has begun`, asRoot, async (t: TestContext) => {
    await (await JobCrashes.of(t, converging(options))).undoEverywhere();
  });
}

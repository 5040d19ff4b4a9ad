import { createHash } from "node:crypto";
import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { captureAsJob, restoreRawAsJob } from "../../src/index.ts";
import { loopDevice } from "../support/loop-device.ts";
import { asRoot, temporaryDirectory } from "../support/temporary-directory.ts";
import { JobCrashes, ways, type JobCase } from "./job-crashes.ts";
import type { Scene } from "./job-sight.ts";
import { writeVersion } from "./store-on-disk.ts";

const sizeBytes = 1024 * 1024;

async function prepare({ paths, tree }: Scene): Promise<void> {
  writeVersion(tree, 2);
  const part = join(dirname(tree), "part.img");
  writeFileSync(part, Buffer.alloc(300_000, "a"));
  truncateSync(part, sizeBytes);
  await captureAsJob(`${tree}/`, { paths, name: "web", raw: [part] });
}

const hashOf = (path: string): Promise<string> =>
  Promise.resolve(existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : "absent");

const toFile: JobCase = {
  prepare,
  run: ({ paths, tree }, more) =>
    restoreRawAsJob("web", undefined, { ...more, paths, raw: [`part.img=${join(dirname(tree), "new.img")}`] }),
  more: ({ tree }) => hashOf(join(dirname(tree), "new.img")),
};

for (const [way, work] of Object.entries(ways))
  test(`the job of a restore of a stream to a file ${way}, wherever it died`, asRoot, async (t: TestContext) => {
    await work(await JobCrashes.of(t, toFile));
  });

/** A restore to a device, which is empty whenever a job is made. */
function toDevice(context: TestContext): JobCase {
  const disk = join(temporaryDirectory(context), "disk.img");
  const device = loopDevice(context, disk, sizeBytes);
  return {
    prepare,
    run({ paths }, more) {
      writeFileSync(device, Buffer.alloc(sizeBytes));
      return restoreRawAsJob("web", undefined, { ...more, paths, raw: [`part.img=${device}`] });
    },
    more: () => hashOf(device),
  };
}

test("the job of a restore of a stream to a device is resumed, wherever it died", asRoot, async (t: TestContext) => {
  await (await JobCrashes.of(t, toDevice(t))).resumeEverywhere();
});

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { armCrashPoints } from "../../src/core/crash-points.ts";
import { captureAsJob, choosePaths, listJobs, restoreAsJob } from "../../src/index.ts";
import { TargetUnsuitableError } from "../../src/system/restore/errors.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

test("restoreAsJob() goes on with its job, when that had put the tree in its place and could not note it", async (context) => {
  const directory = temporaryDirectory(context);
  const paths = choosePaths({ REHOME_STATE_DIR: join(directory, "state"), HOME: directory });
  const source = join(directory, "source");
  const target = join(directory, "target");
  mkdirSync(source);
  writeFileSync(join(source, "file"), "content");
  await captureAsJob(`${source}/`, { name: "web", paths });
  context.after(() => armCrashPoints(undefined));
  armCrashPoints((name) => {
    if (name === "job.restore.ran") throw new RangeError("the end");
  });
  await assert.rejects(restoreAsJob("web", target, { paths }), RangeError);
  armCrashPoints(undefined);
  assert.equal(readFileSync(join(target, "file"), "utf8"), "content");

  const again = await restoreAsJob("web", target, { paths });
  assert.equal(again.directory, target);
  const jobs = await listJobs({ paths, kinds: ["restore"] });
  assert.deepEqual(
    jobs.map(({ state }) => state),
    ["done"],
  );
  // Now that it is done, the directory is somebody's.
  await assert.rejects(restoreAsJob("web", target, { paths }), TargetUnsuitableError);
});

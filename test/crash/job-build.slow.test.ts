import assert from "node:assert/strict";
import { existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { openBuild, type Build } from "../../src/index.ts";
import type { JobOptions } from "../../src/library/jobs/run-as-job.ts";
import { script } from "../support/build-scene.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { JobCrashes, ways, type JobCase } from "./job-crashes.ts";
import type { Scene } from "./job-sight.ts";

const settled = 'find "$REHOME_ROOT" -exec touch -h -d @1000000000 {} +';
const one = script("one", `echo 1 > "$REHOME_ROOT/one"; echo w > "$REHOME_WORK/kept"; ${settled}`);
const two = script("two", `cat "$REHOME_WORK/kept" >> "$REHOME_ROOT/one"; mkdir "$REHOME_ROOT/two"; ${settled}`);
const image = { name: "image", uses: "capture", with: { name: "thing" } };

function open({ paths, tree }: Scene): Promise<Build> {
  return openBuild(join(tree, "build.yaml"), { paths, work: areaOf({ paths }) });
}

function areaOf({ paths }: Pick<Scene, "paths">): string {
  return join(paths.stateDirectory, "area");
}

async function run(scene: Scene, options: JobOptions & { readonly resumeAt?: string }): Promise<void> {
  const { status, error } = await (await open(scene)).run(options);
  if (status !== "successful") throw error;
}

/** The place of the build: what is built there, and what it knows of it. */
async function seen(scene: Scene): Promise<unknown> {
  const at = (name: string): string => join(areaOf(scene), name);
  if (!existsSync(at("build.json"))) return existsSync(at("build"));
  const { completed } = JSON.parse(readFileSync(at("build.json"), "utf8")) as {
    readonly completed: readonly { readonly identity: { readonly name: string } }[];
  };
  return {
    completed: completed.map(({ identity }) => identity.name),
    tree: snapshotTree(at("build/tree")),
    kept: readFileSync(at("build/work/kept"), "utf8"),
  };
}

/** Scenes are copied, with times to the second. */
function write({ tree }: Scene, checkpoints: readonly object[]): void {
  const path = join(tree, "build.yaml");
  writeFileSync(path, stringify({ version: 1, checkpoints }));
  for (const settledPath of [path, tree]) utimesSync(settledPath, 1_000_000_000, 1_000_000_000);
}

const whole: JobCase = { prepare: async (scene) => write(scene, [one, image]), run, more: seen };

const later: JobCase = {
  async prepare(scene) {
    write(scene, [one, two]);
    const { status } = await (await open(scene)).run({ pauseBefore: "two" });
    assert.equal(status, "paused");
  },
  run: (scene, options) => run(scene, { ...options, resumeAt: "two" }),
  more: seen,
};

for (const [what, jobCase] of Object.entries({ "a build": whole, "a build from its second checkpoint": later }))
  for (const [way, work] of Object.entries(ways))
    test(`the job of ${what} ${way}, wherever it died`, asRoot, async (t) => {
      await work(await JobCrashes.of(t, jobCase));
    });

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { cloneJoinAsJob, cloneJoinStoreAsJob } from "../../src/index.ts";
import { startGoldenNode, type GoldenNode } from "../support/golden-node.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { JobCrashes, ways, type JobCase } from "./job-crashes.ts";
import type { Scene } from "./job-sight.ts";
import { writeVersion } from "./store-on-disk.ts";

const streamFile = (scene: Scene): string => join(dirname(scene.tree), "part.img");

/** The raw stream, and what a join keeps of itself in the state directory. */
async function lookBeside(scene: Scene): Promise<unknown> {
  const [file, notes] = [streamFile(scene), join(scene.paths.stateDirectory, "clone-nodes")];
  return await Promise.resolve({
    stream: existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : "absent",
    notes: existsSync(notes) ? readdirSync(notes) : [],
  });
}

const intoDirectory = ({ join: address, fresh: ready }: GoldenNode): JobCase => ({
  ready,
  async prepare({ tree, target }) {
    writeVersion(tree, 2);
    mkdirSync(target, { mode: 0o750 });
    utimesSync(target, 1_650_000_000, 1_650_000_000.25);
    await Promise.resolve();
  },
  async run(scene, more) {
    await ready();
    const raw = [`part=${streamFile(scene)}`];
    return await cloneJoinAsJob(scene.target, { ...address, ...more, paths: scene.paths, raw });
  },
  more: lookBeside,
});

const intoMountPoint = ({ join: address, fresh: ready }: GoldenNode): JobCase => ({
  ready,
  async prepare({ tree }) {
    writeVersion(tree, 2);
    await Promise.resolve();
  },
  async run({ target, paths }, more) {
    await ready();
    return await cloneJoinAsJob(target, { ...address, ...more, paths });
  },
  more: lookBeside,
  inPlace: true,
});

const intoStore = ({ join: address, fresh: ready }: GoldenNode): JobCase => ({
  ready,
  async prepare({ tree }) {
    writeVersion(tree, 2);
    await Promise.resolve();
  },
  async run({ paths }, more) {
    await ready();
    return await cloneJoinStoreAsJob({ ...address, ...more, paths });
  },
  more: lookBeside,
});

const cases = {
  "a join beside its target": intoDirectory,
  "a join into a mount point": intoMountPoint,
  "a join into a store": intoStore,
};

for (const [title, caseOf] of Object.entries(cases))
  for (const [way, work] of Object.entries(ways))
    test(`the job of ${title} ${way}, wherever it died`, asRoot, async (context: TestContext) => {
      const golden = await startGoldenNode(context, (tree) => writeVersion(tree, 2));
      await work(await JobCrashes.of(context, caseOf(golden)));
    });

import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { armCrashPoints } from "../../src/core/crash-points.ts";
import {
  capture,
  checkStore,
  diffTree,
  listImages,
  pruneStore,
  removeImage,
  repairStore,
  restore,
  showImage,
  signImage,
  storeStats,
  type Paths,
  type RestoreOptions,
} from "../../src/index.ts";
import { loopMount } from "../support/file-systems.ts";
import { pathsIn } from "../support/place.ts";
import { makeSigningKey } from "../support/signing-key.ts";
import { asRoot, temporaryDirectory } from "../support/temporary-directory.ts";
import { writeVersion } from "./store-on-disk.ts";

class CrashError extends Error {
  override readonly name = "CrashError";
}

/** Where an operation works: a host of its own, a tree to capture and a directory to restore into. */
interface Scene {
  readonly paths: Paths;
  readonly tree: string;
  readonly target: string;
}

interface Operation {
  /** Brings a scene to where the operation begins; the target lies below the scene, or is a mount point of the test. */
  readonly prepare: (scene: Scene) => Promise<void>;
  readonly run: (scene: Scene) => Promise<unknown>;
  /** What must be so after the operation has run, however often. */
  readonly assertDone: (scene: Scene) => Promise<void>;
  /** The target is a mount point, so that it is written in place. */
  readonly inPlace?: boolean;
  /** Damage is what the operation is about. */
  readonly damaged?: boolean;
}

async function captureVersions({ paths, tree }: Scene, ...versions: readonly number[]): Promise<void> {
  for (const version of versions) {
    writeVersion(tree, version);
    await capture(tree, { paths, name: "web" });
  }
}

async function assertEqualsImage({ paths, target }: Scene, image: string): Promise<void> {
  const differences: unknown[] = [];
  for await (const difference of diffTree(image, target, { paths })) differences.push(difference);
  assert.deepEqual(
    differences.filter((difference) => (difference as { path: string }).path !== "lost+found"),
    [],
  );
}

function restoring(options: RestoreOptions): Operation["run"] {
  return ({ paths, target }) => restore("web:2", target, { ...options, paths });
}

const operations: Readonly<Record<string, Operation>> = {
  "the first capture": {
    prepare: async ({ tree }) => writeVersion(tree, 1),
    run: ({ paths, tree }) => capture(tree, { paths, name: "web" }),
    assertDone: (scene) => assertEqualsImage({ ...scene, target: scene.tree }, "web"),
  },
  "a further, signed capture": {
    prepare: async (scene) => {
      await captureVersions(scene, 1);
      writeVersion(scene.tree, 2);
      makeSigningKey(scene.paths.stateDirectory, "release");
    },
    run: ({ paths, tree }) => capture(tree, { paths, name: "web", sign: join(paths.stateDirectory, "release.pem") }),
    assertDone: async (scene) => {
      await assertEqualsImage({ ...scene, target: scene.tree }, "web");
      assert.equal((await showImage("web", { paths: scene.paths })).signatures.length, 1);
    },
  },
  "a restore beside its target": {
    prepare: (scene) => captureVersions(scene, 1, 2),
    run: restoring({ verify: true }),
    assertDone: (scene) => assertEqualsImage(scene, "web:2"),
  },
  "a restore on a mount point": {
    prepare: (scene) => captureVersions(scene, 1, 2),
    run: restoring({}),
    assertDone: (scene) => assertEqualsImage(scene, "web:2"),
    inPlace: true,
  },
  "a convergence": {
    prepare: async (scene) => {
      await captureVersions(scene, 1, 2);
      writeVersion(scene.target, 5);
      mkdirSync(join(scene.target, "extra/deep"), { recursive: true });
      writeFileSync(join(scene.target, "extra/deep/file"), "not in the image");
    },
    run: restoring({ intoExisting: true, delete: true, verify: true }),
    assertDone: (scene) => assertEqualsImage(scene, "web:2"),
  },
  "a prune": {
    prepare: async (scene) => {
      await captureVersions(scene, 1, 2, 3);
      const { file } = makeSigningKey(scene.paths.stateDirectory, "release");
      await signImage("web:1", file, { paths: scene.paths });
      await removeImage("web:1", { paths: scene.paths });
    },
    run: ({ paths }) => pruneStore({ paths, minNeededShare: 1 }),
    assertDone: async ({ paths }) => {
      assert.equal((await storeStats({ paths })).garbageBytes, 0);
      assert.deepEqual(filesBelow(join(paths.store, "signatures")), []);
      assert.deepEqual(
        (await listImages({ paths })).map(({ tag }) => tag),
        ["2", "3"],
      );
    },
  },
  "a repair": {
    prepare: async (scene) => {
      await captureVersions(scene, 1, 2);
      for (const pack of filesBelow(join(scene.paths.store, "packs"))) {
        const bytes = readFileSync(pack);
        writeFileSync(pack, bytes.fill(0, 12, 16));
      }
    },
    run: ({ paths }) => repairStore({ paths }),
    assertDone: async (scene) => {
      assert.deepEqual((await checkStore({ paths: scene.paths })).damagedPacks, []);
      await captureVersions(scene, 1, 2);
      await assertNoDamage(scene.paths);
    },
    damaged: true,
  },
};

async function assertNoDamage(paths: Paths): Promise<void> {
  if (existsSync(join(paths.store, "store.json"))) assert.deepEqual((await checkStore({ paths })).damages, []);
}

/** Nothing of ours that an operation needs only while it runs is anywhere. */
function assertNothingLeft({ paths, target }: Scene): void {
  for (const folder of ["sessions", "condemned", "tmp"]) assert.deepEqual(filesBelow(join(paths.store, folder)), []);
  const caches = filesBelow(join(paths.stateDirectory, "cache")).map((path) => path.replace(/.*\/[0-9a-f]{32}\//, ""));
  for (const name of caches) assert.match(name, /^(?:chunks\.sqlite(?:-wal|-shm)?|captures\/[0-9a-f]{32})$/);
  const beside = readdirSync(join(target, "..")).filter((name) => name.includes(".rehome-"));
  assert.deepEqual(beside, []);
  const within = existsSync(target) ? filesBelow(target).filter((path) => path.includes("/.rehome")) : [];
  assert.deepEqual(within, []);
}

function filesBelow(path: string): string[] {
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

/** Runs an operation; calls `at` with each crash point passed and how often it was passed before. */
async function runArmed(run: () => Promise<unknown>, at: (name: string, time: number) => void): Promise<void> {
  const times = new Map<string, number>();
  armCrashPoints((name) => {
    const time = times.get(name) ?? 0;
    times.set(name, time + 1);
    at(name, time);
  });
  try {
    await run();
  } finally {
    armCrashPoints(undefined);
  }
}

async function crashEverywhere(t: TestContext, operation: Operation): Promise<void> {
  // Every checkpoint is due at once.
  let now = 0;
  t.mock.method(performance, "now", () => (now += 6000));
  const place = temporaryDirectory(t);
  const base = sceneIn(join(place, "base"));
  await operation.prepare(base);
  let scenes = 0;
  const newScene = (): Scene => {
    const directory = join(place, `scene-${++scenes}`);
    cpSync(join(place, "base"), directory, { recursive: true, preserveTimestamps: true });
    const scene = sceneIn(directory);
    return operation.inPlace === true ? { ...scene, target: loopMount(t, 16) } : scene;
  };

  const points = new Map<string, number>();
  const undisturbed = newScene();
  await runArmed(
    () => operation.run(undisturbed),
    (name, time) => void points.set(name, time),
  );
  await operation.assertDone(undisturbed);
  assertNothingLeft(undisturbed);

  for (const [name, last] of points)
    for (const time of new Set([0, Math.floor(last / 2), last])) {
      const scene = newScene();
      const where = `${name}, passed ${time} times before`;
      try {
        const run = runArmed(
          () => operation.run(scene),
          (passed, passedTime) => {
            if (passed === name && passedTime === time) throw new CrashError(where);
          },
        );
        await assert.rejects(run, CrashError);
        if (operation.damaged !== true) await assertNoDamage(scene.paths);
        await operation.run(scene);
        await operation.assertDone(scene);
        assertNothingLeft(scene);
      } catch (error) {
        throw new Error(`after a crash at ${where}`, { cause: error });
      }
    }
  t.diagnostic(`${scenes - 1} crashes, at ${[...points.keys()].join(", ")}`);
}

function sceneIn(directory: string): Scene {
  mkdirSync(join(directory, "tree"), { recursive: true });
  return { paths: pathsIn(directory), tree: join(directory, "tree"), target: join(directory, "target") };
}

for (const [what, operation] of Object.entries(operations))
  test(`${what} is taken up and ended, wherever it was cut off`, asRoot, (t) => crashEverywhere(t, operation));

import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import {
  capture,
  checkStore,
  diffTree,
  listImages,
  pruneStore,
  removeImage,
  repairStore,
  restore,
  RehomeError,
  type Paths,
} from "../../src/index.ts";
import { BusyTree } from "../support/busy-tree.ts";
import { ChildEndedError, LibraryProcess } from "../support/library-process.ts";
import { memoryDirectory } from "../support/memory-directory.ts";
import { pathsIn } from "../support/place.ts";
import { randomNumbers, testSeed, testTimes } from "../support/seed.ts";
import { asRoot, removeTree } from "../support/temporary-directory.ts";

/** How often each operation is killed; 50 times in all, or a multiple. */
const kills = {
  capture: 18 * testTimes,
  restore: 14 * testTimes,
  convergence: 4 * testTimes,
  prune: 8 * testTimes,
  repair: 6 * testTimes,
};

/** A store with some images, a tree, and processes that are killed while they work on them. */
class Lab {
  readonly paths: Paths;
  readonly tree: BusyTree;
  readonly target: string;
  readonly #place: string;
  readonly #random: () => number;
  /** How long each operation takes when nobody kills it. */
  readonly #undisturbedMs = new Map<string, number>();
  #killed = 0;
  #finished = 0;

  constructor(place: string, seed: number) {
    this.#random = randomNumbers(seed);
    this.#place = place;
    this.paths = pathsIn(place);
    this.target = join(place, "target");
    this.tree = new BusyTree(join(place, "tree"), 1000, this.#random);
  }

  get tally(): string {
    return `${this.#killed} killed, ${this.#finished} were faster`;
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  async labels(paths = this.paths): Promise<string[]> {
    if (!existsSync(join(paths.store, "store.json"))) return [];
    return (await listImages({ paths })).map(({ name, tag }) => `${name}:${tag}`);
  }

  /** Runs `work` in a process of its own and kills it at a moment drawn from as long as the same work took before. */
  async kill(what: string, work: (child: LibraryProcess) => Promise<unknown>): Promise<void> {
    await using child = await LibraryProcess.start();
    const lastsMs = this.#undisturbedMs.get(what);
    const startedAtMs = performance.now();
    const worked = work(child).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ChildEndedError) return false;
        throw error;
      },
    );
    if (lastsMs === undefined) {
      await worked;
      this.#undisturbedMs.set(what, performance.now() - startedAtMs);
      return;
    }
    await Promise.race([worked, wait(this.#random() * lastsMs * 0.9)]);
    child.signal("SIGKILL");
    if (await worked) this.#finished += 1;
    else this.#killed += 1;
  }

  /** Does `around` until it has killed `count` processes, or too many were faster. The first kills nothing, to see how long it takes. */
  async times(count: number, around: (round: number) => Promise<void>): Promise<void> {
    const enough = this.#killed + count;
    for (let round = 0; this.#killed < enough && round < count * 3 + 3; round++) {
      try {
        await around(round);
      } catch (error) {
        throw new Error(`in round ${round}, REHOME_TEST_SEED=${testSeed}`, { cause: error });
      }
    }
    assert.equal(this.#killed, enough);
  }

  /** Every image from before is there and whole, except for what was `hurt` before. */
  async assertWhole(before: readonly string[], paths = this.paths, hurt: readonly string[] = []): Promise<void> {
    const { damages, hurtImages } = await checkStore({ paths });
    if (hurt.length === 0) assert.deepEqual(damages, []);
    assert.deepEqual(
      hurtImages.filter((label) => !hurt.includes(label)),
      [],
    );
    const now = await this.labels(paths);
    assert.deepEqual(
      before.filter((label) => !now.includes(label)),
      [],
    );
  }

  /** Removes all but the newest two images. */
  async removeOld(): Promise<void> {
    const labels = (await this.labels()).filter((label) => /^web:\d+$/.test(label));
    for (const label of labels.slice(0, -2)) await removeImage(label, { paths: this.paths });
  }

  copyOfHost(): Paths {
    const copy = join(this.#place, "copy");
    removeTree(copy);
    cpSync(this.paths.stateDirectory, join(copy, "state"), { recursive: true });
    return pathsIn(copy);
  }
}

async function assertEqual(image: string, directory: string, paths: Paths): Promise<void> {
  const differences: unknown[] = [];
  for await (const difference of diffTree(image, directory, { paths })) differences.push(difference);
  assert.deepEqual(differences, []);
}

async function killCaptures(lab: Lab): Promise<void> {
  const { paths, tree } = lab;
  await lab.times(kills.capture, async (round) => {
    tree.change(200);
    const before = await lab.labels();
    await lab.kill("capture", (child) => child.call("capture", tree.root, { paths, name: "web" }));
    if (existsSync(join(paths.store, "store.json"))) await lab.assertWhole(before);
    const { name } = await capture(tree.root, { paths, name: "web" });
    await assertEqual(`web:${name.tag}`, tree.root, paths);
    await lab.removeOld();
    if (round % 4 === 0) await pruneStore({ paths });
  });
}

async function killRestores(lab: Lab): Promise<void> {
  const { paths, target } = lab;
  const before = await lab.labels();
  await lab.times(kills.restore, async () => {
    const label = before[lab.below(before.length)] as string;
    const verify = lab.below(2) === 0;
    await lab.kill("restore", (child) => child.call("restore", label, target, { paths, verify }));
    try {
      await restore(label, target, { paths });
    } catch (error) {
      // Killed behind its very last step: it is done, as the comparison tells.
      if (!(error instanceof RehomeError) || error.code !== "TARGET_UNSUITABLE") throw error;
    }
    await assertEqual(label, target, paths);
    assert.deepEqual(
      readdirSync(join(target, "..")).filter((name) => name.startsWith(".target")),
      [],
    );
    removeTree(target);
  });
  await lab.assertWhole(before);
}

async function killConvergences(lab: Lab): Promise<void> {
  const { paths, target } = lab;
  const before = await lab.labels();
  await lab.times(kills.convergence, async (round) => {
    const [from, to] = [before[round % 2], before[(round + 1) % 2]] as [string, string];
    if (!existsSync(target)) await restore(from, target, { paths });
    const options = { paths, intoExisting: true, backup: round % 2 === 0 };
    await lab.kill(`convergence ${round % 2}`, (child) => child.call("restore", to, target, options));
    await restore(to, target, options);
    await assertEqual(to, target, paths);
  });
  removeTree(target);
  await lab.assertWhole(before);
}

async function killPrunes(lab: Lab): Promise<void> {
  const { paths, tree } = lab;
  await lab.times(kills.prune, async () => {
    for (let count = 0; count < 2; count++) {
      tree.change(100);
      await capture(tree.root, { paths, name: "web" });
    }
    await lab.removeOld();
    const before = await lab.labels();
    await lab.kill("prune", (child) => child.call("pruneStore", { paths, minNeededShare: 1 }));
    await lab.assertWhole(before);
    const { waitsFor, waitingPacks } = await pruneStore({ paths, minNeededShare: 1 });
    assert.deepEqual([waitsFor, waitingPacks], [[], 0]);
    await lab.assertWhole(before);
  });
}

async function killRepairs(lab: Lab): Promise<void> {
  const before = await lab.labels();
  await lab.times(kills.repair, async () => {
    const paths = lab.copyOfHost();
    const packs = readdirSync(join(paths.store, "packs"), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const pack = packs[lab.below(packs.length)] as (typeof packs)[number];
    const bytes = readFileSync(join(pack.parentPath, pack.name));
    const at = lab.below(bytes.length);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 0x40, at);
    writeFileSync(join(pack.parentPath, pack.name), bytes);
    const { damages, hurtImages } = await checkStore({ paths });
    assert.ok(damages.length > 0);
    await lab.kill("repair", (child) => child.call("repairStore", { paths }));
    await lab.assertWhole(before, paths, hurtImages);
    const { after } = await repairStore({ paths });
    assert.deepEqual(after.damagedPacks, []);
    await capture(lab.tree.root, { paths, name: "web" });
    await lab.assertWhole(before, paths, hurtImages);
  });
}

/** What killed processes left goes when they are gone for long enough, and with the next process that works at the same. */
async function assertNothingLeft({ paths, tree }: Lab): Promise<void> {
  const temporary = join(paths.store, "tmp");
  const longAgo = new Date(Date.now() - 2 * 3_600_000);
  for (const name of readdirSync(temporary)) utimesSync(join(temporary, name), longAgo, longAgo);
  await capture(tree.root, { paths, name: "web" });
  await pruneStore({ paths });
  await checkStore({ paths });
  for (const folder of ["sessions", "condemned", "tmp"]) assert.deepEqual(readdirSync(join(paths.store, folder)), []);
  const caches = readdirSync(join(paths.stateDirectory, "cache"), { recursive: true, withFileTypes: true });
  for (const { name } of caches.filter((entry) => entry.isFile()))
    assert.match(name, /^(?:chunks\.sqlite(?:-wal|-shm)?|[0-9a-f]{32})$/);
}

test(
  "nothing is lost and the next run ends, when processes are killed at any moment",
  asRoot,
  async (t: TestContext) => {
    t.diagnostic(`seed ${testSeed}`);
    const lab = new Lab(memoryDirectory(t), testSeed);
    for (const step of [killCaptures, killRestores, killConvergences, killPrunes, killRepairs, assertNothingLeft]) {
      const startedAtMs = performance.now();
      await step(lab);
      t.diagnostic(`${step.name}: ${Math.round(performance.now() - startedAtMs)} ms`);
    }
    t.diagnostic(lab.tally);
  },
);

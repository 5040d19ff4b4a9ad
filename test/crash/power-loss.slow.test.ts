import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";

import { join } from "node:path";
import { before, mock, test, type TestContext } from "node:test";
import type { ImageOperand } from "../../src/core/operand.ts";
import { repairStore } from "../../src/image/care/repair.ts";
import { listImageNames, removeName, type ImageName } from "../../src/image/store/image-names.ts";
import type { ImageStore } from "../../src/image/store/image-store.ts";
import { Session } from "../../src/image/store/session.ts";
import { captureInProcess } from "../support/in-process-capture.ts";
import { randomNumbers, testSeed } from "../support/seed.ts";
import { memoryDirectory } from "../support/memory-directory.ts";
import { ForgetfulDisk } from "./forgetful-disk.ts";
import { check, copyHost, inProcess, openOn, probeOf, pruneAll, writeVersion, type Host } from "./store-on-disk.ts";

/** An operation that is cut off at every change it makes to the disk. */
interface Scenario {
  /** Brings the store and the tree at `root` to where the operation begins. */
  readonly prepare: (host: Host, root: string) => Promise<void>;
  readonly run: (store: ImageStore, root: string) => Promise<unknown>;
  /** Names that the operation removes. */
  readonly removes?: readonly string[];
  /** Names of images that are damaged before the operation. */
  readonly hurt?: readonly string[];
}

const drawn = randomNumbers(testSeed);
const quiet = { onProgress: () => undefined };

before(() => mock.timers.enable({ apis: ["Date"], now: Date.now() + 60_000 }));

async function captureVersion(host: Host, root: string, version: number, name = "web"): Promise<void> {
  writeVersion(root, version, name);
  await inProcess(host, (store) => captureInProcess(store, root, name));
}

async function remove(host: Host, name: string, tag: string): Promise<void> {
  await inProcess(host, ({ blobs }) => removeName(blobs, { name, tag }));
}

/** Three versions of which the first has lost its name, so that packs are needed in part. */
async function captureThree(host: Host, root: string): Promise<void> {
  for (const version of [1, 2, 3]) await captureVersion(host, root, version);
  await remove(host, "web", "1");
}

const scenarios: Readonly<Record<string, Scenario>> = {
  "the first capture into a store": {
    prepare: async (_host, root) => writeVersion(root, 1),
    run: (store, root) => captureInProcess(store, root, "web"),
  },
  "a capture that goes by the one before": {
    prepare: async (host, root) => {
      await captureVersion(host, root, 1);
      writeVersion(root, 2);
    },
    run: (store, root) => captureInProcess(store, root, "web"),
  },
  "a prune that writes packs anew": {
    prepare: captureThree,
    run: pruneAll,
  },
  "a prune that finds what others left: sessions, images without a name, a record that waited": {
    prepare: async (host, root) => {
      await captureThree(host, root);
      const other = probeOf(1, [1, 2]);
      using store = await openOn(host.disk.files(), host.cacheDirectory, probeOf(2, [1, 2]));
      await Session.begin(store.blobs, other, "a reader that dies", []);
      assert.ok((await pruneAll(store)).waitingPacks > 0);
      await captureVersion(host, root, 4);
      await remove(host, "web", "2");
    },
    run: pruneAll,
  },
  "a tag": {
    prepare: (host, root) => captureVersion(host, root, 1),
    run: async (store) => store.tagImage(nameOperand("web"), "golden"),
  },
  "a removal": {
    prepare: captureThree,
    run: (store) => removeName(store.blobs, { name: "web", tag: "2" }),
    removes: ["web:2"],
  },
  "a repair": {
    prepare: async (host, root) => {
      await captureVersion(host, root, 1, "other");
      const others = new Set(host.disk.paths);
      for (const version of [1, 2]) await captureVersion(host, root, version);
      const pack = host.disk.paths.find((path) => path.startsWith("/var/store/packs/") && !others.has(path)) ?? "";
      host.disk.damage(pack, (bytes) => bytes.fill(0, 20, 24));
    },
    run: (store) => repairStore(store, quiet),
    hurt: ["web:1", "web:2"],
  },
};

function nameOperand(name: string): ImageOperand {
  return { kind: "image", by: { kind: "name", name } };
}

const labelOf = ({ name, tag }: ImageName): string => `${name}:${tag}`;

/** Names in a store and the images they lead to. */
async function publishedIn(store: ImageStore): Promise<Map<string, string>> {
  return new Map((await listImageNames(store.blobs)).map((name) => [labelOf(name), name.image]));
}

/** Everything published before is there, and whatever has a name is whole. */
async function assertNothingLost(
  host: Host,
  published: ReadonlyMap<string, string>,
  hurt: readonly string[] = [],
): Promise<void> {
  await inProcess(host, async (store) => {
    const now = await publishedIn(store);
    for (const [label, image] of published) assert.equal(now.get(label), image, label);
    const { damages, hurtImages } = await check(store);
    assert.deepEqual(
      hurtImages.filter((label) => !hurt.includes(label)),
      [],
    );
    // A damaged pack that was removed may come back with the power; nothing needs it.
    if (hurt.length === 0)
      assert.deepEqual(
        damages.filter(({ object }) => !object.startsWith("block ")),
        [],
      );
  });
}

/** Goes on after a crash as users would: everything finishes, nothing is left, and what was said to be done stays so. */
async function goOn(
  host: Host,
  root: string,
  published: ReadonlyMap<string, string>,
  hurt: readonly string[],
): Promise<void> {
  await assertNothingLost(host, published, hurt);
  if (hurt.length > 0) await inProcess(host, (store) => repairStore(store, quiet));
  const { name } = await inProcess(host, (store) => captureInProcess(store, root, "web"));
  const { waitsFor } = await inProcess(host, pruneAll);
  assert.deepEqual(waitsFor, []);
  const now = new Map([...published, [labelOf(name), name.image as string]]);
  await assertNothingLost(host, now);
  const left = host.disk.paths.filter((path) => /\/(?:sessions|condemned)\//.test(path));
  assert.deepEqual(left, []);
  await assertNothingLost({ ...host, disk: host.disk.afterPowerLoss() }, now);
}

async function cutOffEverywhere(t: TestContext, { prepare, run, removes = [], hurt = [] }: Scenario): Promise<void> {
  const place = memoryDirectory(t);
  const root = join(place, "tree");
  const base: Host = { disk: new ForgetfulDisk(), cacheDirectory: mkdtempSync(join(place, "cache-")) };
  await prepare(base, root);
  const published = await inProcess(base, publishedIn);
  for (const label of removes) published.delete(label);
  for (let dieAt = 1; ; dieAt++) {
    const host = copyHost(base, place);
    const files = host.disk.files(dieAt);
    try {
      using store = await openOn(files, host.cacheDirectory, probeOf(99));
      await run(store, root);
    } catch (error) {
      if (files.changes() < dieAt) throw error;
    }
    if (files.changes() < dieAt) {
      t.diagnostic(`cut off at each of ${dieAt - 1} changes`);
      return;
    }
    const outcomes = {
      "power lost": host.disk.afterPowerLoss(),
      "power lost, some of what was not synced is there": host.disk.afterPowerLoss(() => drawn() < 0.5),
      killed: host.disk,
    };
    for (const [outcome, disk] of Object.entries(outcomes)) {
      const after = copyHost({ ...host, disk }, place);
      // A host may lose its caches too, or keep caches of what the store has lost.
      if (dieAt % 2 === 0) rmSync(after.cacheDirectory, { recursive: true });
      try {
        await goOn(after, root, published, hurt);
      } catch (error) {
        throw new Error(`${outcome} at change ${dieAt}; seed ${testSeed}`, { cause: error });
      }
      rmSync(after.cacheDirectory, { recursive: true });
    }
    rmSync(host.cacheDirectory, { recursive: true });
  }
}

for (const [what, scenario] of Object.entries(scenarios))
  test(`${what} loses nothing, wherever the power goes`, (t) => cutOffEverywhere(t, scenario));

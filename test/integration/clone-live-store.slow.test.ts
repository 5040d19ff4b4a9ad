import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkStore, diffTree, listImages } from "../../src/index.ts";
import { kill, LiveLab, statusOf } from "../support/live-lab.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

/** Far enough that a node gets more than a pack of its own. */
const stopsAtBytes = 52_000_000;

/** The packs of a store. */
function packsOf(store: string): readonly string[] {
  const packs = join(store, "packs");
  return existsSync(packs)
    ? readdirSync(packs, { recursive: true, encoding: "utf8" }).filter((name) => /\/[0-9a-f]{64}$/.test(name))
    : [];
}

function bytesOf(store: string): number {
  return packsOf(store).reduce((sum, pack) => sum + statSync(join(store, "packs", pack)).size, 0);
}

test(
  "stores take blocks in while a system is captured; one is killed, and goes on with what it has",
  asRoot,
  async (context) => {
    const lab = new LiveLab(context, 2, { stopsAtBytes });
    const golden = lab.serve();
    const store = lab.file("own-store");
    const killed = await lab.joinApart("s1", { store });
    const n2 = await lab.joinApart("n2");
    await lab.until(() => packsOf(store).length > 0 && lab.hasWritten("n2"));
    await kill(killed);
    const before = packsOf(store);
    const s1 = await lab.joinApart("s1", { store });
    const late = lab.file("late-store");
    const s3 = await lab.joinApart("s3", { store: late });
    await lab.until(() => packsOf(late).length > 0);
    assert.ok(!lab.records.includes("captured"));
    assert.deepEqual(await listImages({ store, paths: lab.paths }), []);
    lab.open();
    assert.deepEqual(await Promise.all([s1, n2, s3, golden].map(statusOf)), [0, 0, 0, 0]);
    const [image] = await listImages({ paths: lab.paths });
    for (const each of [store, late]) {
      const names = await listImages({ store: each, paths: lab.paths });
      assert.deepEqual(
        names.map((name) => name.image),
        [image?.image],
      );
      assert.equal((await checkStore({ store: each, paths: lab.paths })).damages.length, 0);
      const read = { store: each, paths: lab.paths };
      assert.deepEqual(await Array.fromAsync(diffTree(`@${image?.image}`, lab.target("n2"), read)), []);
    }
    // What was there was not fetched again: a pack more would be a quarter more.
    assert.ok(before.every((pack) => packsOf(store).includes(pack)));
    assert.ok(bytesOf(store) < bytesOf(late) * 1.1);
  },
);

test("a store goes on with what a golden node captures anew", asRoot, async (context) => {
  const lab = new LiveLab(context, 2, { stopsAtBytes });
  const killed = lab.serve();
  const store = lab.file("own-store");
  const s1 = await lab.joinApart("s1", { store });
  const n2 = await lab.joinApart("n2");
  await lab.until(() => packsOf(store).length > 0);
  await kill(killed);
  assert.ok(!lab.records.includes("captured"));
  rmSync(join(lab.tree, "b-large-1"));
  writeFileSync(join(lab.tree, "a/small-3"), "other");
  lab.open();
  const golden = lab.serve();
  assert.deepEqual(await Promise.all([s1, n2, golden].map(statusOf)), [0, 0, 0]);
  assert.deepEqual(snapshotTree(lab.target("n2")), snapshotTree(lab.tree));
  const [image, ...more] = await listImages({ store, paths: lab.paths });
  assert.ok(image !== undefined && more.length === 0);
  assert.deepEqual(
    await Array.fromAsync(diffTree(`@${image.image}`, lab.target("n2"), { store, paths: lab.paths })),
    [],
  );
});

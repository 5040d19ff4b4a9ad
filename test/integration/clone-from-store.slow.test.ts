import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { capture, cloneJoin, planCloneJoin } from "../../src/index.ts";
import { formatToken } from "../../src/journeys/clone/wire/token.ts";
import { loopDevice } from "../support/loop-device.ts";
import { networkLab } from "../support/network-lab.ts";
import { testPlace } from "../support/place.ts";
import { run } from "../support/run.ts";
import { snapshotTree, type SnapshotEntry } from "../support/snapshot.ts";
import { asRoot, temporaryDirectory } from "../support/temporary-directory.ts";

const mib = 2 ** 20;

/** A system that was captured, by the golden node and on each node by itself, before it changed a little. */
async function makeLab(context: TestContext, nodes: number) {
  const { directory, paths } = testPlace(context, "/dev/shm");
  const tree = join(directory, "tree");
  mkdirSync(join(tree, "a"), { recursive: true });
  for (let at = 0; at < 30; at++) writeFileSync(join(tree, `large-${at}`), randomBytes(mib));
  for (let at = 0; at < 2000; at++) writeFileSync(join(tree, `a/${at}`), `${at} ${randomBytes(200).toString("hex")}`);
  const storeOf = (host: number): string => join(directory, `store-${host}`);
  for (let host = 1; host <= nodes; host++) {
    // Of another tree too, so that what is the same lies in other blocks.
    const stranger = join(directory, `stranger-${host}`);
    mkdirSync(stranger);
    for (let at = 0; at < 2000; at += host + 1)
      writeFileSync(join(stranger, `${at}`), readFileSync(join(tree, `a/${at}`)));
    await capture(`${stranger}/`, { paths, store: storeOf(host), name: "stranger" });
    await capture(`${tree}/`, { paths, store: storeOf(host), name: "old" });
  }
  writeFileSync(join(tree, "a/7"), "changed");
  writeFileSync(join(tree, "a/new"), randomBytes(300_000));
  rmSync(join(tree, "large-3"));
  appendFileSync(join(tree, "large-5"), "more");
  const lab = networkLab(context, nodes, "none");
  const tokenFile = join(directory, "token");
  const start = (host: number, ...words: readonly string[]) =>
    lab.start(host, words, { REHOME_STATE_DIR: join(directory, "state", `${host}`), REHOME_STORE: paths.store });
  return {
    directory,
    tree,
    storeOf,
    paths,
    target: (host: number): string => join(directory, "targets", `${host}`),
    /** The bytes that have come to a host. */
    async received(host: number): Promise<number> {
      const child = lab.run(host, ["cat", "/sys/class/net/eth0/statistics/rx_bytes"]);
      return Number(child.stdout === null ? 0 : await text(child.stdout));
    },
    /** @returns What came of each node, by its name. */
    async serve(what: string, ...more: readonly string[]): Promise<() => Promise<Record<string, boolean>>> {
      rmSync(tokenFile, { force: true });
      const words = ["clone", "serve", what, "--session", "lab1", "--token-file", tokenFile, "--give-up", "2s"];
      const golden = start(0, ...words, "--identity", "none", "--json", ...more);
      const printed = golden.stdout ? text(golden.stdout) : Promise.resolve("");
      while (!existsSync(tokenFile)) {
        assert.equal(golden.exitCode, null);
        await wait(50);
      }
      return async () => {
        const result = JSON.parse(await printed) as {
          readonly nodes: { readonly name: string; readonly ok: boolean }[];
        };
        return Object.fromEntries(result.nodes.map(({ name, ok }) => [name, ok]));
      };
    },
    async join(host: number, ...more: readonly string[]): Promise<void> {
      const words = ["clone", "join", "--session", "lab1", "--from", lab.address(0), "--name", `n${host}`];
      const child = start(host, ...words, "--token-file", tokenFile, "-q", ...more);
      if (child.exitCode === null) await once(child, "exit");
      assert.equal(child.exitCode, 0, `n${host}`);
    },
  };
}

test("what stores of the nodes have is not fetched, and feeds a blank node behind them", asRoot, async (context) => {
  const lab = await makeLab(context, 3);
  await capture(`${lab.tree}/`, { paths: lab.paths, name: "web" });
  const device = loopDevice(context, join(lab.directory, "disk"), 300 * mib);
  const ended = await lab.serve("web", "--nodes", "3", "--layout", layoutIn(lab.directory));
  await Promise.all([
    lab.join(1, "--dir", lab.target(1), "--from-store", lab.storeOf(1)),
    lab.join(2, "--disk", device, "--from-store", lab.storeOf(2)),
    lab.join(3, "--dir", lab.target(3)),
  ]);
  assert.deepEqual(await ended(), { n1: true, n2: true, n3: true });
  for (const host of [1, 3]) assert.deepEqual(snapshotTree(lab.target(host)), snapshotTree(lab.tree));
  assert.deepEqual(treeOnDisk(context, device), snapshotTree(lab.tree));
  const [first = 0, second = 0, third = 0] = await Promise.all([1, 2, 3].map((host) => lab.received(host)));
  assert.ok(third > 30 * mib);
  assert.ok(first < 4 * mib && second < 4 * mib, `${first} and ${second} bytes came`);
});

test(
  "of a system that is served while it is captured too, and what a store has no more is fetched",
  asRoot,
  async (context) => {
    const lab = await makeLab(context, 2);
    damage(join(lab.storeOf(2), "packs"));
    const ended = await lab.serve(`${lab.tree}/`, "--nodes", "2");
    await Promise.all(
      [1, 2].map((host) => lab.join(host, "--dir", lab.target(host), "--from-store", lab.storeOf(host))),
    );
    assert.deepEqual(await ended(), { n1: true, n2: true });
    for (const host of [1, 2]) assert.deepEqual(snapshotTree(lab.target(host)), snapshotTree(lab.tree));
    const [first = 0, second = 0] = await Promise.all([1, 2].map((host) => lab.received(host)));
    assert.ok(first < second && second < 30 * mib, `${first} and ${second} bytes came`);
  },
);

test("a plan names the store, and one that is none is refused before the session is joined", async (context) => {
  const { directory, paths } = testPlace(context);
  mkdirSync(join(directory, "tree"));
  await capture(`${directory}/tree/`, { paths, name: "web" });
  const token = formatToken({ fingerprint: randomBytes(32), secret: randomBytes(32) });
  const address = { session: "lab1", token, from: "127.0.0.1", port: 9, paths };
  const target = join(directory, "target");
  const plan = await planCloneJoin(target, { ...address, fromStore: `${directory}/tree/../state/store` });
  assert.equal(plan.fromStore, paths.store);
  const refused = cloneJoin(target, { ...address, fromStore: join(directory, "tree") });
  await assert.rejects(refused, { code: "STORE_NOT_FOUND" });
});

/** Writes over a part of each pack, as a failing disk does. */
function damage(packs: string): void {
  for (const name of readdirSync(packs, { recursive: true, encoding: "utf8" })) {
    const path = join(packs, name);
    const { size } = statSync(path);
    if (!statSync(path).isFile()) continue;
    const bytes = readFileSync(path);
    bytes.fill(0x5a, Math.floor(size / 3), Math.floor(size / 2));
    chmodSync(path, 0o600);
    writeFileSync(path, bytes);
  }
}

function layoutIn(directory: string): string {
  const path = join(directory, "layout.yaml");
  const partitions = "[{size: fill, fileSystem: ext4, mount: /}]";
  writeFileSync(path, `version: 1\ndisks: [{table: mbr, partitions: ${partitions}}]\n`);
  return path;
}

/** What is in the first partition of a disk, without what its file system brings. */
function treeOnDisk(context: TestContext, device: string): SnapshotEntry[] {
  const root = temporaryDirectory(context);
  run("mount", "-o", `ro,offset=${mib}`, device, root);
  try {
    return snapshotTree(root).filter(({ path }) => path !== "lost+found");
  } finally {
    run("umount", root);
  }
}

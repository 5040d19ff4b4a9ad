import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { capture } from "../../src/index.ts";
import { networkLab } from "../support/network-lab.ts";
import { testPlace } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

const nodes = 4;
const rate = "100mbit";
const slowOne = 2;
/** More than the ring of the node before the slow one: up to that it holds nobody back. */
const megabytes = 90;

interface Served {
  readonly nodes: readonly { readonly name: string; readonly ok: boolean }[];
  readonly events: readonly { readonly kind: string; readonly name?: string }[];
}

test(
  "a node whose cable is ten times slower is set aside, holds nobody back, and gets all of it",
  asRoot,
  async (context) => {
    const place = testPlace(context, "/dev/shm");
    const tree = join(place.directory, "tree");
    mkdirSync(tree);
    for (let at = 0; at < megabytes; at++) writeFileSync(join(tree, `${at}`), randomBytes(1_000_000));
    await capture(`${tree}/`, { paths: place.paths, name: "web" });
    const lab = networkLab(context, nodes, rate);
    lab.slow(slowOne, "10mbit");
    const tokenFile = join(place.directory, "token");
    const start = (host: number, ...words: readonly string[]) =>
      lab.start(host, ["clone", ...words, "--token-file", tokenFile], {
        REHOME_STATE_DIR: join(place.directory, "state", `${host}`),
        REHOME_STORE: place.paths.store,
      });
    const wanted = ["--nodes", `${nodes}`, "--identity", "none", "--slow-after", "2s", "--json"];
    const golden = start(0, "serve", "web", "--session", "lab1", ...wanted);
    const printed = golden.stdout ? text(golden.stdout) : Promise.resolve("");
    while (!existsSync(tokenFile)) await wait(50);
    const targets = Array.from({ length: nodes }, (_, at) => join(place.directory, `target-${at + 1}`));
    for (const [at, target] of targets.entries()) {
      const words = ["--session", "lab1", "--from", lab.address(0), "--name", `n${at + 1}`, "--dir", target, "-q"];
      start(at + 1, "join", ...words);
    }
    const others = targets.toSpliced(slowOne - 1, 1);
    const slow = targets[slowOne - 1] as string;
    // It takes its place once it was read back.
    while (!others.every((target) => existsSync(target))) {
      assert.equal(existsSync(slow), false);
      await wait(20);
    }
    // Alone it would take 77 s: from here on it need not.
    lab.slow(slowOne, rate);
    const { nodes: ended, events } = JSON.parse(await printed) as Served;
    assert.deepEqual(
      Object.fromEntries(ended.map(({ name, ok }) => [name, ok])),
      Object.fromEntries(targets.map((_, at) => [`n${at + 1}`, true])),
    );
    const aside = events.filter(({ kind }) => kind === "set-aside").map(({ name }) => name);
    assert.deepEqual(aside, [`n${slowOne}`]);
    for (const target of targets) assert.deepEqual(snapshotTree(target), snapshotTree(tree));
  },
);

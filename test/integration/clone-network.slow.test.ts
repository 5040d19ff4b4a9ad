import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { capture } from "../../src/index.ts";
import { networkLab, type NetworkLab } from "../support/network-lab.ts";
import { testPlace } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

const nodes = 5;
const megabytes = 60;

/** Serves a tree to nodes on hosts of their own, at 100 Mbit/s, and does something to them once it runs. */
async function cloneWith(context: TestContext, mishap: (lab: NetworkLab) => void) {
  const place = testPlace(context);
  const tree = join(place.directory, "tree");
  mkdirSync(tree);
  for (let at = 0; at < megabytes; at++) writeFileSync(join(tree, `${at}`), randomBytes(1_000_000));
  await capture(`${tree}/`, { paths: place.paths, name: "web" });
  const lab = networkLab(context, nodes, "100mbit");
  const token = join(place.directory, "token");
  const variables = (host: number) => ({
    REHOME_STATE_DIR: join(place.directory, "state", `${host}`),
    REHOME_STORE: place.paths.store,
  });
  const target = (host: number): string => join(place.directory, "targets", `${host}`);
  const serve = ["clone", "serve", "web", "--session", "lab1", "--nodes", `${nodes}`, "--give-up", "3s", "--json"];
  const golden = lab.start(0, [...serve, "--token-file", token], variables(0));
  const printed = golden.stdout ? text(golden.stdout) : Promise.resolve("");
  while (!existsSync(token))
    await once(context.signal, "abort", { signal: AbortSignal.timeout(50) }).catch(() => undefined);
  for (let host = 1; host <= nodes; host++) {
    const words = ["clone", "join", "--session", "lab1", "--from", lab.address(0), "--name", `n${host}`];
    lab.start(host, [...words, "--dir", target(host), "--token-file", token, "-q"], variables(host));
  }
  // Half of what the link alone would take, after all have written their first files.
  while (!existsSync(join(place.directory, "targets")))
    await once(context.signal, "abort", { signal: AbortSignal.timeout(50) }).catch(() => undefined);
  await new Promise((resolve) => void setTimeout(resolve, (megabytes * 1000) / 11.74 / 2));
  mishap(lab);
  const result = JSON.parse(await printed) as {
    readonly nodes: readonly { readonly name: string; readonly ok: boolean }[];
  };
  const ok = result.nodes.flatMap((node) => (node.ok ? [node.name] : [])).toSorted();
  for (const name of ok) assert.deepEqual(snapshotTree(target(Number(name.slice(1)))), snapshotTree(tree), name);
  return ok;
}

test(
  "over shaped links: the cable of one node is taken out, all others have a verified copy",
  asRoot,
  async (context) => {
    assert.deepEqual(await cloneWith(context, (lab) => lab.cut(2)), ["n1", "n3", "n4", "n5"]);
  },
);

test(
  "over shaped links: head and a node in the middle are killed, all others have a verified copy",
  asRoot,
  async (context) => {
    const mishap = (lab: NetworkLab): void => {
      lab.kill(1);
      lab.kill(4);
    };
    assert.deepEqual(await cloneWith(context, mishap), ["n2", "n3", "n5"]);
  },
);

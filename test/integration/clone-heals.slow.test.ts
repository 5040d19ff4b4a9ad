import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { capture, cloneServe, type CloneServeResult, type Paths } from "../../src/index.ts";
import { testPlace } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

/** A golden node, nodes as processes of their own, and a rate at which there is time for mishaps. */
async function makeLab(context: TestContext, seconds: number) {
  const place = testPlace(context);
  const tree = join(place.directory, "tree");
  mkdirSync(join(tree, "d"), { recursive: true });
  const rateBytesPerSecond = 4_000_000;
  for (let at = 0; at < seconds * 4; at++) writeFileSync(join(tree, "d", `${at}`), randomBytes(1_000_000));
  await capture(`${tree}/`, { paths: place.paths, name: "web" });
  const pathsOf = (node: string): Paths => ({ ...place.paths, stateDirectory: join(place.directory, "state", node) });
  const target = (node: string): string => join(place.directory, "targets", node);
  const children: ChildProcess[] = [];
  context.after(() => children.forEach((child) => child.kill("SIGKILL")));
  return {
    tree,
    target,
    serve: (nodes: number, giveUpMs: number, port: number, signal: AbortSignal, onServing: (at: Where) => void) =>
      cloneServe(
        "web",
        {
          session: "lab1",
          paths: pathsOf("golden"),
          store: place.paths.store,
          port,
          host: "127.0.0.1",
          settings: { nodes, giveUpMs },
          rateBytesPerSecond,
          signal,
        },
        onServing,
      ),
    start: (node: string, { token, port }: Where, script = "join-node.ts"): ChildProcess => {
      const address = { session: "lab1", token, from: "127.0.0.1", port };
      const options = { ...address, name: node, listenHost: "127.0.0.1", paths: pathsOf(node) };
      const words = [
        join(import.meta.dirname, "../support", script),
        JSON.stringify({ directory: target(node), options }),
      ];
      const child = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
      children.push(child);
      return child;
    },
  };
}

interface Where {
  readonly token: string;
  readonly port: number;
}

const never = new AbortController().signal;
const after = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
const verified = ({ nodes }: CloneServeResult): string[] =>
  nodes.flatMap(({ name, state }) => (state === "verified" ? [name] : [])).toSorted();

test(
  "a node that is killed and one that is frozen stop nobody, and who comes back goes on",
  asRoot,
  async (context) => {
    const lab = await makeLab(context, 12);
    const mishaps: Promise<void>[] = [];
    const result = await lab.serve(4, 20_000, 0, never, (where) => {
      const nodes = ["n1", "n2", "n3", "n4"].map((node) => lab.start(node, where));
      mishaps.push(
        (async () => {
          await after(9000);
          nodes[1]?.kill("SIGKILL");
          nodes[2]?.kill("SIGSTOP");
          await after(4000);
          lab.start("n2", where);
          nodes[2]?.kill("SIGCONT");
        })(),
      );
    });
    await Promise.all(mishaps);
    assert.deepEqual(verified(result), ["n1", "n2", "n3", "n4"]);
    for (const node of ["n1", "n2", "n3", "n4"])
      assert.deepEqual(snapshotTree(lab.target(node)), snapshotTree(lab.tree), node);
  },
);

test(
  "a golden node that is stopped and served again goes on with the nodes that wait for it",
  asRoot,
  async (context) => {
    const lab = await makeLab(context, 8);
    const stop = new AbortController();
    let where: Where | undefined;
    let nodes: ChildProcess[] = [];
    const first = await lab.serve(2, 20_000, 0, stop.signal, (served) => {
      where = served;
      nodes = ["n1", "n2"].map((node) => lab.start(node, served));
      void after(7000).then(() => stop.abort());
    });
    assert.equal(first.stopped, true);
    await after(2000);
    const ends = nodes.map((node) => once(node, "exit"));
    const second = await lab.serve(2, 30_000, where?.port ?? 0, never, (served) =>
      assert.equal(served.token, where?.token),
    );
    assert.deepEqual(verified(second), ["n1", "n2"]);
    assert.deepEqual(await Promise.all(ends), [
      [0, null],
      [0, null],
    ]);
    for (const node of ["n1", "n2"]) assert.deepEqual(snapshotTree(lab.target(node)), snapshotTree(lab.tree), node);
  },
);

test(
  "a node that changes what it passes on is found out, and those behind it have the right bytes",
  asRoot,
  async (context) => {
    const lab = await makeLab(context, 3);
    const result = await lab.serve(3, 5000, 0, never, (where) => {
      // By name: the evil one is the head.
      lab.start("n1", where, "evil-node.ts");
      lab.start("n2", where);
      lab.start("n3", where);
    });
    for (const node of ["n2", "n3"]) assert.deepEqual(snapshotTree(lab.target(node)), snapshotTree(lab.tree), node);
    assert.ok(result.nodes.some(({ verdict }) => verdict?.ok === true && verdict.retries > 0));
    assert.ok(result.nodes.find(({ name }) => name === "n1")?.demoted);
  },
);

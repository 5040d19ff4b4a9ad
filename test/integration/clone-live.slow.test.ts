import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { cloneJoinStore, diffTree, listImages, showImage, type CloneJoinOptions, type Paths } from "../../src/index.ts";
import type { LiveSystem } from "../support/serve-live.ts";
import { testPlace } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

const large = 18;
const largeBytes = 4_000_000;

/** A golden node whose capture stops half-way,, until it is let go on; each in processes of their own. */
class Lab {
  readonly context: TestContext;
  readonly directory: string;
  readonly tree: string;
  readonly paths: Paths;
  readonly #live: LiveSystem;

  constructor(context: TestContext, nodes: number, run = 0) {
    this.context = context;
    const place = testPlace(context);
    this.directory = place.directory;
    this.paths = place.paths;
    this.tree = join(place.directory, "tree");
    mkdirSync(join(this.tree, "a"), { recursive: true });
    for (let at = 0; at < 2000; at++) writeFileSync(join(this.tree, "a", `small-${at}`), `file ${at}\n`.repeat(100));
    for (let at = 0; at < large; at++) {
      writeFileSync(join(this.tree, `b-large-${at}`), randomBytes(largeBytes));
      // Many names end a segment of the index.
      for (let of = 0; of < 300; of++) writeFileSync(join(this.tree, `b-large-${at}-${"n".repeat(100)}${of}`), "");
    }
    this.#live = {
      port: 20_000 + (process.pid % 20_000) + run,
      tree: this.tree,
      paths: this.paths,
      nodes,
      // More than a pack, and far from the end.
      stopsAtBytes: 24_000_000,
      gate: this.file("gate"),
      records: this.file("records"),
      tokenFile: this.file("token"),
    };
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  target(node: string): string {
    return join(this.directory, "targets", node);
  }

  serve(): ChildProcess {
    rmSync(this.#live.tokenFile, { force: true });
    return this.#start("serve-live.ts", this.#live);
  }

  /** Joins as a process, once nodes can. */
  async joinApart(node: string): Promise<ChildProcess> {
    return this.#start("join-node.ts", { directory: this.target(node), options: await this.optionsOf(node) });
  }

  async optionsOf(node: string): Promise<CloneJoinOptions> {
    await this.until(() => existsSync(this.#live.tokenFile));
    const token = readFileSync(this.#live.tokenFile, "utf8");
    const { port } = this.#live;
    const paths = { ...this.paths, stateDirectory: join(this.directory, "state", node) };
    return { session: "lab1", token, from: "127.0.0.1", port, name: node, listenHost: "127.0.0.1", paths };
  }

  get records(): string[] {
    return existsSync(this.#live.records) ? readFileSync(this.#live.records, "utf8").trimEnd().split("\n") : [];
  }

  /** Lets the capture go on. */
  open(): void {
    writeFileSync(this.#live.gate, "");
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      assert.ok(!this.context.signal.aborted);
      await wait(50);
    }
  }

  /** A node has written large files, in the place where its tree grows. */
  hasWritten(node: string): boolean {
    const parent = join(this.directory, "targets");
    const stages = existsSync(parent) ? readdirSync(parent).filter((name) => name.startsWith(`.${node}.rehome-`)) : [];
    return stages.some((stage) => existsSync(join(parent, stage, "tree/b-large-1")));
  }

  #start(script: string, argument: object): ChildProcess {
    const path = join(import.meta.dirname, "../support", script);
    const child = spawn(process.execPath, [path, JSON.stringify(argument)], { stdio: ["ignore", "ignore", "inherit"] });
    this.context.after(() => child.kill("SIGKILL"));
    return child;
  }
}

async function statusOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await statusOf(child);
}

test(
  "nodes write a system while it is captured; one is killed and comes back, one comes late",
  asRoot,
  async (context) => {
    const lab = new Lab(context, 2);
    const golden = lab.serve();
    const n1 = await lab.joinApart("n1");
    const killed = await lab.joinApart("n2");
    // The capture cannot end before the gate is open.
    await lab.until(() => lab.hasWritten("n1") && lab.hasWritten("n2"));
    await kill(killed);
    const n2 = await lab.joinApart("n2");
    const n3 = await lab.joinApart("n3");
    await lab.until(() => lab.hasWritten("n3"));
    assert.ok(!lab.records.includes("captured"));
    const store = lab.file("own-store");
    const n4 = cloneJoinStore({ ...(await lab.optionsOf("n4")), store });
    // What changes behind the capture is not of the image, what changes before it is.
    appendFileSync(join(lab.tree, "a/small-7"), "changed behind it");
    appendFileSync(join(lab.tree, `b-large-${large - 1}`), "changed before it");
    rmSync(join(lab.tree, "b-large-9"));
    lab.open();
    assert.deepEqual(await Promise.all([n1, n2, n3, golden].map(statusOf)), [0, 0, 0, 0]);
    await n4;
    const { records } = lab;
    const captured = records.indexOf("captured");
    // Frames of which most are blocks were there before the capture had ended, and the trees were begun.
    assert.ok(records.slice(0, captured).some((line) => Number(/^frames (\d+)$/.exec(line)?.[1]) > 20));
    for (const node of ["n1", "n2", "n3"]) {
      assert.ok(records.indexOf(`verdict ${node}`) > captured, node);
      assert.deepEqual(snapshotTree(lab.target(node)), snapshotTree(lab.target("n1")), node);
    }
    const [image, ...more] = await listImages({ paths: lab.paths });
    assert.ok(image !== undefined && more.length === 0);
    const differences = await Array.fromAsync(diffTree(`@${image.image}`, lab.target("n1"), { paths: lab.paths }));
    assert.deepEqual(differences, []);
    assert.ok(!readFileSync(join(lab.target("n1"), "a/small-7"), "utf8").includes("changed"));
    assert.ok(readFileSync(join(lab.target("n1"), `b-large-${large - 1}`), "latin1").endsWith("changed before it"));
    const { manifest } = await showImage(`@${image.image}`, { paths: lab.paths });
    assert.notEqual(manifest.tail.consistency, "at-rest");
    assert.deepEqual(
      (await listImages({ store, paths: lab.paths })).map((own) => own.image),
      [image.image],
    );
  },
);

test(
  "a golden node that is killed while it captures does so anew, and nodes go on with what that is",
  asRoot,
  async (context) => {
    const lab = new Lab(context, 2);
    const killed = lab.serve();
    const n1 = await lab.joinApart("n1");
    const n2 = await lab.joinApart("n2");
    await lab.until(() => lab.hasWritten("n1") && lab.hasWritten("n2"));
    await kill(killed);
    assert.ok(!lab.records.includes("captured"));
    // What the first capture had, and nodes have, the second one has not.
    rmSync(join(lab.tree, "b-large-1"));
    writeFileSync(join(lab.tree, "a/small-3"), "other");
    writeFileSync(join(lab.tree, "a-new"), "new");
    lab.open();
    const golden = lab.serve();
    assert.deepEqual(await Promise.all([n1, n2, golden].map(statusOf)), [0, 0, 0]);
    for (const node of ["n1", "n2"]) assert.deepEqual(snapshotTree(lab.target(node)), snapshotTree(lab.tree), node);
    assert.equal((await listImages({ paths: lab.paths })).length, 1);
  },
);

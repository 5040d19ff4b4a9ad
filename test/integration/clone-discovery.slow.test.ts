import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { capture } from "../../src/index.ts";
import { assertDocument } from "../cli/documents.ts";
import { networkLab } from "../support/network-lab.ts";
import { testPlace } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

interface Ending {
  readonly nodes: readonly { readonly name: string; readonly ok: boolean }[];
}

async function makeLab(context: TestContext, nodes: number) {
  const place = testPlace(context);
  const tree = join(place.directory, "tree");
  mkdirSync(tree);
  for (let at = 0; at < 20; at++) writeFileSync(join(tree, `${at}`), `file ${at}\n`.repeat(1000));
  await capture(`${tree}/`, { paths: place.paths, name: "web" });
  const lab = networkLab(context, nodes, "none");
  const variables = (host: number | string) => ({
    REHOME_STATE_DIR: join(place.directory, "state", `${host}`),
    REHOME_STORE: place.paths.store,
  });
  const tokenFile = (session: string): string => join(place.directory, `${session}.token`);
  const target = (host: number): string => join(place.directory, "targets", `${host}`);
  return {
    tree,
    target,
    lab,
    /** Resolves once nodes can join. */
    serve: async (session: string, ...more: readonly string[]) => {
      const words = ["clone", "serve", "web", "--session", session, "--json", "--token-file", tokenFile(session)];
      const golden = lab.start(0, [...words, ...more], variables(session));
      const printed = golden.stdout ? text(golden.stdout) : Promise.resolve("");
      while (!existsSync(tokenFile(session))) {
        assert.equal(golden.exitCode, null);
        await wait(50);
      }
      return { golden, ended: async () => JSON.parse(await printed) as Ending };
    },
    planServe: async (session: string): Promise<unknown> => {
      const { stdout } = lab.start(
        0,
        ["clone", "serve", "web", "--session", session, "-n", "--json"],
        variables("lab1"),
      );
      return JSON.parse(stdout ? await text(stdout) : "");
    },
    /** With the token of one session, asks for another. */
    planJoin: async (host: number, tokenOf: string, session = tokenOf) => {
      const words = ["clone", "join", "-n", "--json", "--session", session, "--dir", target(host)];
      const { stdout } = lab.start(host, [...words, "--token-file", tokenFile(tokenOf)], variables(host));
      return JSON.parse(stdout ? await text(stdout) : "") as { readonly golden: readonly string[] };
    },
    join: async (host: number, session: string) => {
      const words = ["clone", "join", "--session", session, "--name", `n${host}`, "--dir", target(host)];
      const node = lab.start(host, [...words, "--token-file", tokenFile(session), "-q"], variables(host));
      const [status] = (await once(node, "exit")) as [number];
      return status;
    },
  };
}

test(
  "nodes find the golden node of their session by themselves, among several of one host",
  asRoot,
  async (context) => {
    const { serve, planJoin, planServe, join: joinAs, target, tree } = await makeLab(context, 2);
    assertDocument("clone-serve-plan", await planServe("lab1"));
    // Another session of the same host, at another port: its nodes are others.
    const other = await serve("lab2", "--nodes", "1", "--port", "0");
    const { ended } = await serve("lab1", "--nodes", "1");
    const plan = await planJoin(1, "lab1");
    assertDocument("clone-join-plan", plan);
    assert.deepEqual(plan.golden, ["10.77.0.1:30765"]);
    assert.deepEqual((await planJoin(1, "lab1", "no-such-session")).golden, []);
    assert.deepEqual(await Promise.all([joinAs(1, "lab1"), joinAs(2, "lab2")]), [0, 0]);
    assertDocument("clone-serve", await ended());
    assert.deepEqual(
      (await ended()).nodes.map(({ name, ok }) => [name, ok]),
      [["n1", true]],
    );
    assert.deepEqual(
      (await other.ended()).nodes.map(({ name, ok }) => [name, ok]),
      [["n2", true]],
    );
    for (const host of [1, 2]) assert.deepEqual(snapshotTree(target(host)), snapshotTree(tree));
  },
);

test("a session that is not to be found listens to no query", asRoot, async (context) => {
  const { serve, lab } = await makeLab(context, 0);
  const listening = async (): Promise<string> => {
    const { stdout } = lab.run(0, ["ss", "-Hlun"]);
    return stdout ? await text(stdout) : assert.fail("no output");
  };
  const found = await serve("lab1");
  assert.match(await listening(), /:30765\s/);
  found.golden.kill("SIGKILL");
  await once(found.golden, "exit");
  const hidden = await serve("lab2", "--no-discovery");
  assert.doesNotMatch(await listening(), /:30765\s/);
  hidden.golden.kill("SIGKILL");
});

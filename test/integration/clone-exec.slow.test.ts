import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { capture } from "../../src/index.ts";
import { testPlace } from "../support/place.ts";
import { asRoot } from "../support/temporary-directory.ts";

const program = join(import.meta.dirname, "../../src/cli/main.ts");

/** The program on one host that is golden node and nodes at once. */
async function makeLab(context: TestContext) {
  const place = testPlace(context);
  const tree = join(place.directory, "tree");
  mkdirSync(tree);
  writeFileSync(join(tree, "file"), "content\n");
  await capture(`${tree}/`, { paths: place.paths, name: "web" });
  const port = `${20_000 + (process.pid % 20_000)}`;
  const token = join(place.directory, "token");
  const start = (state: string, words: readonly string[]) => {
    const env = { ...process.env, REHOME_STATE_DIR: join(place.directory, state), REHOME_STORE: place.paths.store };
    const child = spawn(process.execPath, [program, ...words], { env, stdio: ["ignore", "pipe", "pipe"] });
    context.after(() => child.kill("SIGKILL"));
    const [output, errors, exit] = [text(child.stdout), text(child.stderr), once(child, "exit")];
    return {
      ended: async () => ({ status: ((await exit) as [number])[0], output: await output, errors: await errors }),
    };
  };
  return {
    golden: (...words: readonly string[]) => start("golden", ["clone", ...words]),
    serve: async (...more: readonly string[]) => {
      const words = ["clone", "serve", "web", "--session", "lab1", "--interface", "127.0.0.1", "--no-discovery"];
      const golden = start("golden", [...words, "--port", port, "--token-file", token, ...more]);
      while (!existsSync(token)) await wait(50);
      return golden;
    },
    join: (name: string, ...more: readonly string[]) => {
      const words = ["clone", "join", "--session", "lab1", "--from", "127.0.0.1", "--port", port, "--name", name];
      return start(name, [...words, "--dir", join(place.directory, "to", name), "--token-file", token, ...more]);
    },
  };
}

type Lab = Awaited<ReturnType<typeof makeLab>>;

async function waitingNodes({ golden }: Lab, count: number): Promise<void> {
  for (;;) {
    const { output } = await golden("status", "lab1", "--json").ended();
    if ((JSON.parse(output) as { readonly nodes: readonly object[] }).nodes.length === count) return;
  }
}

test(
  "clone exec runs commands where both ends allow it, and the node's log has their output",
  asRoot,
  async (context) => {
    const lab = await makeLab(context);
    const served = await lab.serve("--nodes", "9", "--allow-exec");
    const nodes = [lab.join("n1", "--allow-exec"), lab.join("n2")];
    await waitingNodes(lab, 2);
    const [following, watching] = [lab.golden("log", "lab1", "n1", "-f"), lab.golden("status", "lab1", "-f")];
    const exec = async (node: string, ...command: readonly string[]): Promise<number> =>
      (await lab.golden("exec", "lab1", node, "--", ...command).ended()).status;
    assert.equal(await exec("n1", "echo", "two  words", "$HOME"), 0);
    assert.equal(await exec("n1", "sh", "-c", "echo to standard error >&2; exit 3"), 6);
    assert.equal(await exec("n1", "/no/such/program"), 6);
    assert.equal(await exec("n2", "touch", "/never"), 6);
    assert.equal(await exec("n3", "true"), 2);
    const { output: told } = await lab.golden("log", "lab1", "n1").ended();
    for (const line of ["two  words $HOME", "to standard error", "command 1000002 ended with status 3"])
      assert.ok(told.includes(` ${line}\n`), told);
    const { output: refused } = await lab.golden("log", "lab1", "n2").ended();
    assert.match(refused, /a command was refused: this node was not started with --allow-exec/);
    assert.ok(!existsSync("/never"));
    assert.equal((await lab.golden("go", "lab1").ended()).status, 0);
    for (const node of nodes) assert.equal((await node.ended()).status, 0);
    const { status, output } = await served.ended();
    assert.equal(status, 0);
    const lines = output.split("\n");
    for (const line of [
      "I want 9 clients",
      "Added client n1, daddy = golden",
      "Added client n2, daddy = n1",
      "Let's go!",
    ])
      assert.ok(lines.includes(line), output);
    // Both followed to the end and no further.
    assert.match((await following.ended()).output, /two {2}words \$HOME\n(?:.*\n)*.* verified /);
    assert.match((await watching.ended()).output, /session lab1 waits for nodes\n(?:.*\n)*.*n1/);
  },
);

test("clone exec is refused where the session was served without --allow-exec", asRoot, async (context) => {
  const lab = await makeLab(context);
  await lab.serve("--nodes", "9");
  lab.join("n1", "--allow-exec");
  await waitingNodes(lab, 1);
  const { status, errors } = await lab.golden("exec", "lab1", "n1", "--", "touch", "/never").ended();
  assert.equal(status, 2);
  assert.match(errors, /was not served with --allow-exec/);
  assert.ok(!existsSync("/never"));
});

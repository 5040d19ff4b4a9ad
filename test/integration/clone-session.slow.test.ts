import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { exitStatus } from "../../src/core/exit-status.ts";
import { assertDocument } from "../cli/documents.ts";
import { sandbox } from "../cli/run-rehome.ts";
import { atEnd } from "../support/at-end.ts";
import { run as runTool } from "../support/run.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

/** A tree, and a configuration that says what is the same for all who serve and join. */
function makeLab(context: TestContext) {
  const place = sandbox(context);
  const { directory, environment } = place;
  mkdirSync(join(directory, "tree/d"), { recursive: true });
  for (let at = 0; at < 6; at++) writeFileSync(join(directory, "tree/d", `${at}`), randomBytes(1_000_000));
  const port = 20_000 + (process.pid % 20_000);
  const configuration = {
    "clone-serve": { interface: "127.0.0.1", port, "no-discovery": true, identity: "none", "give-up": "2s" },
    "clone-join": { from: "127.0.0.1", port, "token-file": "token" },
  };
  environment["REHOME_CONFIG"] = join(directory, "config.yaml");
  writeFileSync(environment["REHOME_CONFIG"], JSON.stringify(configuration));
  const start = (...words: readonly string[]) => {
    const child = place.start(...words);
    atEnd(context, () => void (child.exitCode === null && child.kill("SIGKILL")));
    const lines: string[] = [];
    const news = createInterface({ input: child.stderr }).on("line", (line) => lines.push(line));
    const [out, exit] = [text(child.stdout), once(child, "exit") as Promise<[number]>];
    return {
      /** Waits until a line has been written to standard error. */
      until: async (pattern: RegExp): Promise<void> => {
        while (!lines.some((line) => pattern.test(line))) await once(news, "line");
      },
      ended: async () => ({ status: (await exit)[0], out: await out, err: lines.join("\n") }),
    };
  };
  return {
    directory,
    async serve(session: string, ...words: readonly string[]) {
      const tokenFile = `${session}.token`;
      const golden = start("clone", "serve", ...words, "--session", session, "--token-file", tokenFile);
      while (!existsSync(join(directory, tokenFile))) await wait(50);
      const joined = (node: string, target: string) =>
        start("clone", "join", "--session", session, "--name", node, "--dir", target, "--token-file", tokenFile);
      return { ended: golden.ended, join: joined };
    },
    assertCopy: (target: string): void =>
      assert.deepEqual(snapshotTree(join(directory, target)), snapshotTree(join(directory, "tree"))),
  };
}

test(
  "a node whose disk is full stops nobody behind it; files name who is ok and who not, and those are served again",
  asRoot,
  async (context) => {
    const lab = makeLab(context);
    const small = join(lab.directory, "small");
    mkdirSync(small);
    runTool("mount", "-t", "tmpfs", "-o", "size=9m", "tmpfs", small);
    atEnd(context, () => void runTool("umount", small));
    // The full one is the head of the chain.
    writeFileSync(join(lab.directory, "order"), "# by hand\nn2\nn1\n");
    const words = ["--nodes", "2", "--order", "order", "--rate", "2M", "--ok", "ok", "--ko", "ko", "--json"];
    const session = await lab.serve("lab1", "./tree/", ...words);
    const [one, two] = [session.join("n1", "one"), session.join("n2", "small/two")];
    await two.until(/writing /);
    writeFileSync(join(small, "of-somebody-else"), Buffer.alloc(6 << 20));
    const full = await two.ended();
    assert.equal(full.status, exitStatus.failed, full.err);
    assert.match(full.err, /NO_SPACE/);
    assert.equal((await one.ended()).status, 0);
    lab.assertCopy("one");
    const { status, out, err } = await session.ended();
    assert.equal(status, exitStatus.incomplete, err);
    const report = JSON.parse(out) as {
      readonly nodes: readonly { readonly name: string; readonly reason: string }[];
      readonly events: readonly { readonly kind: string; readonly name?: string; readonly daddy?: string }[];
    };
    assertDocument("clone-serve", report);
    assert.match(report.nodes.find(({ name }) => name === "n2")?.reason ?? "", /ENOSPC/);
    const chain = report.events.flatMap(({ kind, name, daddy }) => (kind === "added" ? [[name, daddy]] : []));
    assert.deepEqual(chain, [
      ["n2", "golden"],
      ["n1", "n2"],
    ]);
    const named = ["ok", "ko"].map((file) => readFileSync(join(lab.directory, file), "utf8"));
    assert.deepEqual(named, ["n1\n", "n2\n"]);

    const again = await lab.serve("lab2", "tree", "--nodes", "1", "--retry-ko", "ko");
    const stranger = await again.join("n1", "other").ended();
    assert.equal(stranger.status, exitStatus.refused, stranger.err);
    assert.match(stranger.err, /none of those that are served/);
    assert.equal((await again.join("n2", "two").ended()).status, 0);
    lab.assertCopy("two");
    assert.equal((await again.ended()).status, 0);
  },
);

test("a session that lingers serves who comes when all others have their copies", asRoot, async (context) => {
  const lab = makeLab(context);
  const session = await lab.serve("lab1", "./tree/", "--nodes", "1", "--linger", "4s");
  const first = session.join("n1", "one");
  await first.until(/verified /);
  const second = session.join("n2", "two");
  assert.deepEqual(
    (await Promise.all([first.ended(), second.ended()])).map(({ status }) => status),
    [0, 0],
  );
  for (const target of ["one", "two"]) lab.assertCopy(target);
  const { status, out } = await session.ended();
  assert.equal(status, 0);
  assert.match(out, /^n1: ok, .*\nn2: ok, /m);
});

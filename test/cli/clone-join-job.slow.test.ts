import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, globSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { cloneJoin, stopJob, type CloneServeOptions } from "../../src/index.ts";
import { startGoldenNode } from "../support/golden-node.ts";
import { pathsIn } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { assertDocument } from "./documents.ts";
import { sandbox } from "./run-rehome.ts";

interface ShownJob {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly pointOfNoReturn: string | null;
}

/** A golden node, and a host that joins it by the program. */
async function makeLab(context: TestContext, more: Partial<CloneServeOptions> = {}) {
  const golden = await startGoldenNode(context, (tree) => writeFileSync(join(tree, "file"), "content\n"), more);
  const box = sandbox(context);
  const { directory, run, document, start } = box;
  const token = readFileSync(golden.join.tokenFile, "utf8");
  const tokenFile = join(directory, "lab1.token");
  writeFileSync(tokenFile, token);
  const address = ["--session", "lab1", "--from", "127.0.0.1", "--port", `${golden.join.port}`];
  const words = ["clone", "join", ...address, "--name", "n1", "--dir", "copy", "--token-file", "lab1.token"];
  const jobs = (): readonly ShownJob[] => {
    const answer = document("job", "list");
    assertDocument("job-list", answer.document);
    return (answer.document as { readonly jobs: readonly ShownJob[] }).jobs;
  };
  const jobLog = (): string =>
    globSync(join(directory, "state/jobs/*/log"))
      .map((path) => readFileSync(path, "utf8"))
      .join("");
  return {
    ...golden,
    ...box,
    token,
    tokenFile,
    words,
    jobs,
    jobLog,
    copy: join(directory, "copy"),
    /** The copy is a new session's. */
    async renew(): Promise<void> {
      await golden.fresh();
      writeFileSync(tokenFile, readFileSync(golden.join.tokenFile));
    },
    begin: (...others: readonly string[]) => {
      const child = start(...words, ...others);
      const [output, errors, exit] = [text(child.stdout), text(child.stderr), once(child, "exit")];
      return {
        child,
        ended: async () => ({ status: ((await exit) as [number])[0], output: await output, errors: await errors }),
      };
    },
    async stop(what: "pause" | "cancel"): Promise<string> {
      const [job] = jobs();
      assert.equal(job?.state, "running");
      const beganAtMs = performance.now();
      await stopJob(job.id, what, { paths: pathsIn(directory) });
      const tookMs = performance.now() - beganAtMs;
      assert.ok(tookMs < 2000, `it took ${tookMs} ms`);
      return job.id;
    },
    show(id: string): ShownJob {
      const answer = document("job", "show", id);
      assertDocument("job-show", answer.document);
      return answer.document as ShownJob;
    },
    joinAsOther: () =>
      cloneJoin(join(directory, "other"), {
        session: "lab1",
        token,
        from: "127.0.0.1",
        port: golden.join.port,
        name: "n2",
        listenHost: "127.0.0.1",
        paths: { ...pathsIn(directory), stateDirectory: join(directory, "other-state") },
      }),
    run,
  };
}

async function until(isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + 60_000; !isSo(); await wait(50))
    assert.ok(performance.now() < end, "it did not come to that");
}

test(
  "a join that waits for its session is a job: paused, its token kept nowhere, resumed, done",
  asRoot,
  async (context) => {
    const lab = await makeLab(context, { settings: { nodes: 2, giveUpMs: 500 } });
    const first = lab.begin();
    // The golden node knows of it.
    await until(() => !existsSync(lab.join.tokenFile));
    const id = await lab.stop("pause");
    const { status, errors } = await first.ended();
    assert.equal(status, 5, errors);
    assert.match(errors, new RegExp(`rehome job resume ${id}`));
    assert.equal(lab.show(id).kind, "clone-join");
    for (const path of globSync(join(lab.directory, "state/**/*")).filter((each) => statSync(each).isFile()))
      assert.ok(!readFileSync(path, "latin1").includes(lab.token.trim()), path);
    rmSync(lab.tokenFile);
    const without = lab.run("job", "resume", id);
    assert.equal(without.status, 2);
    assert.match(without.stderr, /without its token: ".*lab1\.token" cannot be read.*SESSION_TOKEN_MISSING/);
    writeFileSync(lab.tokenFile, lab.token);
    const resumed = lab.start("job", "resume", id);
    const [exit] = await Promise.all([once(resumed, "exit"), lab.joinAsOther()]);
    assert.deepEqual(exit, [0, null]);
    assert.equal(lab.show(id).state, "done");
    assert.deepEqual(snapshotTree(lab.copy), snapshotTree(lab.tree));
    assert.match(lab.jobLog(), /verified .*copy/);
    writeFileSync(join(lab.copy, "file"), "somebody's work\n");
    const refused = lab.run("job", "undo", id);
    assert.equal(refused.status, 3);
    assert.match(refused.stderr, /was changed since, at "\/file"/);
  },
);

test("a join that waits for its session is interrupted, undone and cancelled", asRoot, async (context) => {
  const lab = await makeLab(context, { settings: { nodes: 2, giveUpMs: 500 } });
  const first = lab.begin();
  await until(() => !existsSync(lab.join.tokenFile));
  const beganAtMs = performance.now();
  first.child.kill("SIGINT");
  const { status, errors } = await first.ended();
  assert.equal(status, 130, errors);
  assert.ok(performance.now() - beganAtMs < 2000);
  const [job] = lab.jobs();
  assert.equal(job?.state, "paused");
  assert.equal(lab.run("job", "undo", job.id).status, 0);
  assert.ok(!existsSync(lab.copy));
  const second = lab.begin();
  await until(() => lab.jobs().some(({ state }) => state === "running"));
  await lab.stop("cancel");
  assert.equal((await second.ended()).status, 7);
});

test(
  "a join that was verified waits to be let go: paused, it ends later what was to be done then",
  asRoot,
  async (context) => {
    const settings = { nodes: 2, giveUpMs: 500, order: ["n2", "n1"] };
    const lab = await makeLab(context, { settings, releaseDelayMs: 60_000 });
    const joining = lab.begin("--then", "echo done >> then");
    await until(() => !existsSync(lab.join.tokenFile));
    await lab.joinAsOther();
    const id = await lab.stop("pause");
    assert.equal((await joining.ended()).status, 5);
    assert.ok(!existsSync(join(lab.directory, "then")));
    const again = lab.document(...lab.words, "--then", "echo done >> then");
    assert.equal(again.status, 0);
    assertDocument("clone-join", again.document);
    assert.partialDeepStrictEqual(again.document, { job: id, resumed: true, thenStatus: 0 });
    assert.equal(readFileSync(join(lab.directory, "then"), "utf8"), "done\n");
    assert.equal(lab.show(id).pointOfNoReturn, "then");
    const undone = lab.run("job", "undo", id);
    assert.equal(undone.status, 3);
    assert.match(undone.stderr, /checkpoint "then" was begun/);
  },
);

test("a command that is killed with its join runs again", asRoot, async (context) => {
  const lab = await makeLab(context);
  const command = "echo x >> then; test $(wc -l < then) = 1 && kill -9 $PPID; exit 3";
  const [killed] = (await once(lab.begin("--then", command).child, "exit")) as [number | null];
  assert.equal(killed, null);
  assert.deepEqual(
    lab.jobs().map(({ state }) => state),
    ["interrupted"],
  );
  const again = lab.document(...lab.words, "--then", command);
  assert.equal(again.status, 6);
  assert.partialDeepStrictEqual(again.document, { thenStatus: 3 });
  assert.deepEqual(
    lab.jobs().map(({ state }) => state),
    ["done"],
  );
  assert.equal(readFileSync(join(lab.directory, "then"), "utf8"), "x\nx\n");
});

test("an update of an older clone has no way back, and says what there is instead", asRoot, async (context) => {
  const lab = await makeLab(context);
  assert.equal(lab.run(...lab.words).status, 0);
  await lab.renew();
  assert.equal(lab.run(...lab.words, "--update").status, 0);
  const [update, first] = lab.jobs();
  assert.ok(update !== undefined && first !== undefined);
  const refused = lab.run("job", "undo", update.id);
  assert.equal(refused.status, 3);
  assert.match(refused.stderr, /clone join --update/);
  assert.equal(lab.show(update.id).pointOfNoReturn, "join");
  assert.equal(lab.run("job", "undo", first.id).status, 0);
  assert.ok(!existsSync(lab.copy));
});

test("what a join refuses leaves no job", asRoot, async (context) => {
  const lab = await makeLab(context);
  rmSync(lab.tokenFile);
  assert.equal(lab.run(...lab.words).status, 2);
  await lab.renew();
  writeFileSync(lab.copy, "a file");
  assert.equal(lab.run(...lab.words).status, 3);
  assert.deepEqual(lab.jobs(), []);
});

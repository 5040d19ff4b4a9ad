import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { listImages, listJobs, resumeJob, showImage, undoJobOf, type Paths } from "../../src/index.ts";
import { ChildEndedError, LibraryProcess } from "../support/library-process.ts";
import { testPlace } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

/** A directory that is served by a process that dies at a crash point, while a node joins. */
async function dieAt(context: TestContext, point: string) {
  const place = testPlace(context);
  const tree = join(place.directory, "tree");
  mkdirSync(tree);
  for (let at = 0; at < 20; at++) writeFileSync(join(tree, `${at}`), `file ${at}\n`.repeat(1000));
  const { paths } = place;
  const file = (name: string): string => join(place.directory, name);
  const nodePaths: Paths = { ...paths, stateDirectory: file("node") };
  const port = 20_000 + (process.pid % 20_000);
  {
    await using golden = await LibraryProcess.start(point);
    const options = {
      session: "lab1",
      paths,
      port,
      host: "127.0.0.1",
      settings: { nodes: 1, giveUpMs: 20_000 },
      tokenFile: file("token"),
      okFile: file("ok"),
    };
    const ended = assert.rejects(golden.call("cloneServeAsJob", `${tree}/`, options), ChildEndedError);
    const node = joinWhenServed(context, file("token"), (token) => ({
      directory: file("target"),
      options: {
        session: "lab1",
        token,
        from: "127.0.0.1",
        port,
        name: "n1",
        listenHost: "127.0.0.1",
        paths: nodePaths,
      },
    }));
    await golden.stopped();
    golden.signal("SIGKILL");
    await ended;
    const [job] = await listJobs({ paths, kinds: ["clone-serve"] });
    assert.equal(job?.state, "interrupted");
    return { paths, tree, file, node, job };
  }
}

/** Starts a node once the token is there; resolves with its exit status. */
async function joinWhenServed(
  context: TestContext,
  tokenFile: string,
  words: (token: string) => object,
): Promise<number | null> {
  while (!existsSync(tokenFile) && !context.signal.aborted)
    await new Promise((resolve) => void setTimeout(resolve, 50));
  const script = join(import.meta.dirname, "../support/join-node.ts");
  const child = spawn(process.execPath, [script, JSON.stringify(words(readFileSync(tokenFile, "utf8")))], {
    stdio: "ignore",
  });
  context.after(() => child.kill("SIGKILL"));
  const [status] = (await once(child, "exit")) as [number | null];
  return status;
}

for (const point of [
  "clone.serving",
  "clone.started",
  "capture.tree-read",
  "capture.published",
  "clone.captured",
  "clone.over",
])
  test(
    `a session whose golden node is killed at ${point} is resumed, and its node goes on with it`,
    asRoot,
    async (context) => {
      const { paths, tree, file, node, job } = await dieAt(context, point);
      const token = existsSync(file("token")) ? readFileSync(file("token"), "utf8") : undefined;
      assert.equal((await resumeJob(job.id, { paths })).state, "done");
      assert.equal(await node, 0);
      assert.deepEqual(snapshotTree(file("target")), snapshotTree(tree));
      if (token !== undefined) assert.equal(readFileSync(file("token"), "utf8"), token);
      assert.equal(readFileSync(file("ok"), "utf8"), "n1\n");
      // One capture, of a system that was not at rest, served twice.
      const [image, ...more] = await listImages({ paths });
      assert.ok(image !== undefined && more.length === 0);
      assert.ok((await showImage(`@${image.image}`, { paths })).manifest.tail.consistency !== undefined);
    },
  );

test("a session that was killed is undone: its image, keys and logs are gone", asRoot, async (context) => {
  const { paths, job } = await dieAt(context, "clone.started");
  assert.equal((await undoJobOf(job.id, { paths })).state, "undone");
  assert.deepEqual(await listImages({ paths }), []);
  assert.deepEqual(readdirSync(join(paths.stateDirectory, "clone")), []);
});

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { capture, cloneJoin, cloneServe, type CloneJoinOptions, type Paths } from "../../src/index.ts";
import { ChildEndedError, LibraryProcess } from "../support/library-process.ts";
import { loopDevice } from "../support/loop-device.ts";
import { testPlace } from "../support/place.ts";
import { asRoot } from "../support/temporary-directory.ts";

const mib = 2 ** 20;

async function makeLab(context: TestContext) {
  const place = testPlace(context);
  const tree = join(place.directory, "tree");
  mkdirSync(join(tree, "a"), { recursive: true });
  const shared = randomBytes(4 * mib);
  writeFileSync(join(tree, "a/shared"), shared);
  // Part of it is in the tree too, so its blocks come with the files.
  const stream = Buffer.concat([randomBytes(5 * mib), Buffer.alloc(2 * mib), shared, randomBytes(1000)]);
  const file = join(place.directory, "part.raw");
  writeFileSync(file, stream);
  await capture(`${tree}/`, { paths: place.paths, name: "web", raw: [`part=${file}`] });
  const pathsOf = (node: string): Paths => ({ ...place.paths, stateDirectory: join(place.directory, "state", node) });
  return {
    stream,
    at: (path: string): string => join(place.directory, path),
    async serve(
      joinAll: (joinOf: (node: string) => CloneJoinOptions) => Promise<unknown>,
    ): Promise<(boolean | undefined)[]> {
      const stop = new AbortController();
      let joining: Promise<unknown> | undefined;
      const options = {
        session: "lab1",
        paths: pathsOf("golden"),
        store: place.paths.store,
        port: 0,
        host: "127.0.0.1",
        settings: { nodes: 1, giveUpMs: 1000 },
        signal: stop.signal,
      };
      const { nodes } = await cloneServe("web", options, ({ token, port }) => {
        const address = { session: "lab1", token, from: "127.0.0.1", port, listenHost: "127.0.0.1" };
        joining = joinAll((node) => ({ ...address, name: node, paths: pathsOf(node) }));
        joining.catch(() => stop.abort());
      });
      await joining;
      return nodes.map(({ verdict }) => verdict?.ok);
    },
  };
}

test("raw streams go to a file and a device, and what is there is not written over", asRoot, async (context) => {
  const lab = await makeLab(context);
  const device = loopDevice(context, lab.at("device"), 16 * mib);
  const raw = [`part=${lab.at("copy.raw")}`, `part=${device}`];
  assert.deepEqual(await lab.serve((joinOf) => cloneJoin(lab.at("one"), { ...joinOf("n1"), raw })), [true]);
  assert.ok(readFileSync(lab.at("copy.raw")).equals(lab.stream));
  assert.ok(readFileSync(device).subarray(0, lab.stream.length).equals(lab.stream));
  // The device has no signature now, only bytes; the file is another's.
  writeFileSync(lab.at("taken"), "mine");
  const verdicts = await lab.serve(async (joinOf) => {
    const refused = async (node: string, place: string, code: string): Promise<void> =>
      await assert.rejects(cloneJoin(lab.at(node), { ...joinOf(node), raw: [place] }), { code });
    await refused("n2", `part=${device}`, "DEVICE_REFUSED");
  });
  assert.deepEqual(verdicts, [false]);
  await lab.serve((joinOf) =>
    assert.rejects(cloneJoin(lab.at("three"), { ...joinOf("n3"), raw: [`part=${lab.at("taken")}`] }), {
      code: "TARGET_UNSUITABLE",
    }),
  );
  assert.equal(readFileSync(lab.at("taken"), "utf8"), "mine");
  await lab.serve((joinOf) =>
    assert.rejects(cloneJoin(lab.at("four"), { ...joinOf("n4"), raw: [`other=${lab.at("other")}`] }), {
      code: "PATH_NOT_FOUND",
    }),
  );
});

for (const point of ["restore.stream-written", "clone.stream-published"])
  test(`a join that is killed at ${point} goes on with its stream`, asRoot, async (context) => {
    const lab = await makeLab(context);
    const verdicts = await lab.serve(async (joinOf) => {
      const words = [lab.at("target"), { ...joinOf("n1"), raw: [`part=${lab.at("copy.raw")}`] }] as const;
      {
        await using child = await LibraryProcess.start(point);
        const ended = assert.rejects(child.call("cloneJoin", ...words), ChildEndedError);
        await child.stopped();
        child.signal("SIGKILL");
        await ended;
      }
      await cloneJoin(...words);
    });
    assert.ok(verdicts.includes(true));
    assert.ok(readFileSync(lab.at("copy.raw")).equals(lab.stream));
    assert.deepEqual(readdirSync(lab.at("target")), ["a"]);
  });

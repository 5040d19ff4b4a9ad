import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { capture, checkStore, diffTree, listImages, pruneStore, removeImage, type Paths } from "../../src/index.ts";
import { openSealedObject, sealObject } from "../../src/image/format/sealed-object.ts";
import type { SessionRecord } from "../../src/image/store/session.ts";
import { writeVersion } from "../crash/store-on-disk.ts";
import { ChildFailedError, LibraryProcess } from "../support/library-process.ts";
import { memoryDirectory } from "../support/memory-directory.ts";
import { pathsIn } from "../support/place.ts";

interface Scene {
  readonly paths: Paths;
  readonly tree: string;
  readonly target: string;
}

/** A store with `versions` of a tree, as web:1, web:2 and so on. */
async function prepare(t: TestContext, ...versions: readonly number[]): Promise<Scene> {
  const place = memoryDirectory(t);
  const scene = { paths: pathsIn(place), tree: join(place, "tree"), target: join(place, "target") };
  mkdirSync(scene.tree);
  for (const version of versions) {
    writeVersion(scene.tree, version);
    await capture(scene.tree, { paths: scene.paths, name: "web" });
  }
  return scene;
}

async function assertWhole({ paths }: Scene): Promise<void> {
  assert.deepEqual((await checkStore({ paths })).damages, []);
}

async function assertEqual(image: string, directory: string, { paths }: Scene): Promise<void> {
  for await (const difference of diffTree(image, directory, { paths })) assert.fail(JSON.stringify(difference));
}

/** Makes the only session of a store look as if nobody had renewed it for hours. */
function ageSession({ paths }: Scene): void {
  const folder = join(paths.store, "sessions");
  const [name, ...others] = readdirSync(folder);
  assert.deepEqual(others, []);
  const path = join(folder, name ?? "");
  const record = openSealedObject("session", readFileSync(path), path) as SessionRecord;
  writeFileSync(path, sealObject("session", { ...record, renewedAt: new Date(Date.now() - 7_200_000).toISOString() }));
}

const places = ["capture.session-begun", "capture.synced", "capture.tree-read", "capture.packs-durable"] as const;

for (const place of [...places, "capture.manifest-put"])
  test(`prune() waits for a capture that is stopped at ${place}, and what it found stays`, async (t) => {
    const scene = await prepare(t, 1, 2);
    const { paths, tree } = scene;
    // What the capture finds belongs to an image that loses its name meanwhile.
    writeVersion(tree, 1);
    await using child = await LibraryProcess.start(place);
    const captured = child.call("capture", tree, { paths, name: "web" });
    await child.stopped();
    await removeImage("web:1", { paths });
    const waiting = await pruneStore({ paths, minNeededShare: 1 });
    assert.deepEqual(waiting.waitsFor, ["capture web"]);
    assert.equal(waiting.removedPacks, 0);
    assert.ok(waiting.waitingPacks > 0 && waiting.waitingBytes > 0);
    await assertWhole(scene);

    child.signal("SIGCONT");
    assert.equal((await captured).tag, "3");
    await assertWhole(scene);
    await assertEqual("web:3", tree, scene);
    const swept = await pruneStore({ paths, minNeededShare: 1 });
    assert.deepEqual([swept.waitsFor, swept.waitingPacks], [[], 0]);
    await assertWhole(scene);
    await assertEqual("web:3", tree, scene);
  });

for (const place of [...places, "capture.manifest-put"])
  test(`capture() does not publish, when it was taken for dead at ${place}`, async (t) => {
    const scene = await prepare(t, 1, 2);
    const { paths, tree } = scene;
    writeVersion(tree, 1);
    await using child = await LibraryProcess.start(place);
    const captured = child.call("capture", tree, { paths, name: "web" });
    await child.stopped();
    ageSession(scene);
    await removeImage("web:1", { paths });
    const pruned = await pruneStore({ paths, minNeededShare: 1 });
    assert.deepEqual([pruned.waitsFor, pruned.removedSessions], [[], 1]);
    assert.ok(pruned.removedPacks > 0);

    child.signal("SIGCONT");
    await assert.rejects(captured, (error) => error instanceof ChildFailedError && error.code === "SESSION_LAPSED");
    await assertWhole(scene);
    assert.deepEqual(
      (await listImages({ paths })).map(({ tag }) => tag),
      ["2"],
    );
    assert.equal((await child.call("capture", tree, { paths, name: "web" })).tag, "3");
    await assertWhole(scene);
    await assertEqual("web:3", tree, scene);
  });

for (const place of ["restore.staged", "restore.written", "restore.published"])
  test(`restore() ends with what its image said, when the image is removed and pruned at ${place}`, async (t) => {
    const scene = await prepare(t, 1, 2);
    const { paths, target, tree } = scene;
    await using child = await LibraryProcess.start(place);
    const restored = child.call("restore", "web:1", target, { paths, verify: true });
    await child.stopped();
    await removeImage("web:1", { paths });
    const waiting = await pruneStore({ paths, minNeededShare: 1 });
    assert.equal(waiting.removedImages, 0);
    child.signal("SIGCONT");
    await restored;
    writeVersion(tree, 1);
    await capture(tree, { paths, name: "again" });
    await assertEqual("again", target, scene);
    await pruneStore({ paths, minNeededShare: 1 });
    await assertWhole(scene);
  });

test("restore() refuses at its start, when the image has lost its name", async (t) => {
  const scene = await prepare(t, 1, 2);
  await removeImage("web:1", { paths: scene.paths });
  await using child = await LibraryProcess.start();
  await assert.rejects(
    child.call("restore", "web:1", scene.target, { paths: scene.paths }),
    (error) => error instanceof ChildFailedError && error.code === "IMAGE_NOT_FOUND",
  );
});

for (const place of ["prune.session-begun", "prune.copied", "prune.condemned", "prune.settled", "prune.pack-removed"])
  test(`captures and another prune go on, when a prune is stopped at ${place}`, async (t) => {
    const scene = await prepare(t, 1, 2, 3);
    const { paths, tree } = scene;
    await removeImage("web:1", { paths });
    await using child = await LibraryProcess.start(place);
    const pruned = child.call("pruneStore", { paths, minNeededShare: 1 });
    await child.stopped();
    writeVersion(tree, 1);
    await capture(tree, { paths, name: "web" });
    await pruneStore({ paths, minNeededShare: 1 });
    await assertWhole(scene);
    child.signal("SIGCONT");
    await pruned;
    await assertWhole(scene);
    await assertEqual("web:4", tree, scene);
    const last = await pruneStore({ paths, minNeededShare: 1 });
    assert.deepEqual([last.waitsFor, last.waitingPacks], [[], 0]);
    await assertWhole(scene);
    assert.deepEqual(
      (await listImages({ paths })).map(({ tag }) => tag),
      ["2", "3", "4"],
    );
  });

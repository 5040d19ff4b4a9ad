import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { processProbe } from "../../src/host/process-probe.ts";
import * as libc from "../../src/host/libc.ts";
import { memoryBlobStore } from "../../src/image/blob-store/memory-blob-store.ts";
import { checkStore } from "../../src/image/care/check.ts";
import { prune } from "../../src/image/care/prune.ts";
import { repairStore } from "../../src/image/care/repair.ts";
import { sealObject } from "../../src/image/format/sealed-object.ts";
import { removeName } from "../../src/image/store/image-names.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { RehomeError, restore, type ErrorCode } from "../../src/index.ts";
import { parseImageOperand } from "../../src/core/operand.ts";
import { readTree } from "../../src/image/tree-index/tree-index-reader.ts";
import { atEnd } from "../support/at-end.ts";
import { captureInProcess } from "../support/in-process-capture.ts";
import { testPlace } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot, removeTree, temporaryDirectory } from "../support/temporary-directory.ts";

const damageCodes: ReadonlySet<ErrorCode> = new Set([
  "OBJECT_DAMAGED",
  "OBJECT_MISSING",
  "FORMAT_INVALID",
  "FORMAT_UNKNOWN",
  "IMAGE_NOT_FOUND",
]);
const silent = { onProgress: () => undefined };
const pruning = { ...silent, dryRun: false, minNeededShare: 0.5 };
const labels = ["one:1", "one:2"];

interface SmallStore {
  readonly objects: Map<string, Buffer>;
  readonly store: ImageStore;
  readonly source: string;
  readonly cache: string;
  /** What each image holds. */
  readonly sound: ReadonlyMap<string, string>;
  readonly reopen: () => Promise<ImageStore>;
}

/** A store of two images that share most of what they hold, with an object of every kind. */
async function smallStore(context: TestContext): Promise<SmallStore> {
  const place = temporaryDirectory(context, existsSync("/dev/shm") ? "/dev/shm" : tmpdir());
  const [source, cache] = [join(place, "source"), join(place, "cache")];
  mkdirSync(join(source, "etc"), { recursive: true });
  writeFileSync(join(source, "etc", "passwd"), "root:x:0:0::/root:/bin/sh\n".repeat(8));
  writeFileSync(join(source, "a"), "the first file");
  const value = Buffer.from("value");
  libc.lsetxattr(libc.cString(join(source, "a")), libc.cString("user.note"), value, value.length, 0);
  const { objects, ...blobs } = memoryBlobStore();
  let opened = 0;
  const reopen = async (): Promise<ImageStore> => {
    return await ImageStore.openOrCreate({ blobs, probe: processProbe, cacheDirectory: `${cache}-${++opened}` });
  };
  const store = await reopen();
  atEnd(context, () => store[Symbol.dispose]());
  await captureInProcess(store, source, "one");
  writeFileSync(join(source, "b"), "the second file");
  await captureInProcess(store, source, "one");
  const id = "0".repeat(32);
  objects.set(
    `condemned/${id}.1`,
    sealObject("condemned", {
      id,
      condemnedAt: "2026-11-20T00:00:00.000Z",
      packs: ["f".repeat(64)],
      images: [],
      waitsFor: [],
    }),
  );
  objects.set(`lost/${id}`, sealObject("lost", { foundAt: "2026-11-20T00:00:00.000Z", packs: [] }));
  const sound = new Map<string, string>();
  for (const label of labels) sound.set(label, await readWhole(store, label));
  return { objects, store, source, cache, sound, reopen };
}

/** Everything an image holds, in one text. */
async function readWhole(store: ImageStore, label: string): Promise<string> {
  await using opened = await store.openImage(parseImageOperand(label), "test");
  const parts: string[] = [];
  for await (const entry of readTree(store.chunks, opened.manifest.tail.tree)) {
    parts.push(JSON.stringify(entry));
    if (entry.kind === "file")
      for (const piece of entry.pieces)
        if (piece.kind === "chunk")
          parts.push((await store.chunks.readChunk(piece.id, piece.lengthBytes)).toString("latin1"));
  }
  return parts.join("\n");
}

/** Which images cannot be read; the others must read as they were. */
async function findUnreadable(store: ImageStore, sound: ReadonlyMap<string, string>, what: string): Promise<string[]> {
  const unreadable: string[] = [];
  for (const [label, content] of sound)
    try {
      assert.equal(await readWhole(store, label), content, `${what}: ${label} reads as something else`);
    } catch (error) {
      assert.ok(error instanceof RehomeError && damageCodes.has(error.code), `${what}: ${label}: ${String(error)}`);
      unreadable.push(label);
    }
  return unreadable;
}

/** A tree without its times, which another capture in the middle of a test changes. */
const withoutTimes = (root: string): string =>
  JSON.stringify(snapshotTree(root).map((entry) => ({ ...entry, mtimeNs: "" })));

const flips: readonly ((byte: number, at: number) => number)[] = [
  (byte, at) => byte ^ (1 << ((at * 7) % 8)),
  (byte) => byte ^ 0xff,
];

test("checkStore() names the object of any flipped byte and the images it hurts; no image reads as something else", async (context) => {
  const { objects, store, sound, reopen } = await smallStore(context);
  assert.deepEqual((await checkStore(store, silent)).damages, []);
  let flipped = 0;
  for (const [key, object] of objects)
    for (let at = 0; at < object.length; at++)
      for (const [number, flip] of flips.entries()) {
        const what = `${key} byte ${at} flip ${number}`;
        const before = object[at] ?? 0;
        object[at] = flip(before, at);
        const { damages, hurtImages } = await checkStore(store, silent);
        assert.ok(
          damages.some((damage) => damage.object === key || damage.object.endsWith(` in ${key}`)),
          `${what}: ${JSON.stringify(damages)}`,
        );
        assert.ok(
          damages.every((damage) => damage.object === key || damage.object.endsWith(` in ${key}`)),
          `${what}: ${JSON.stringify(damages)}`,
        );
        // Reading with the index that was made before the damage, and now and then with none.
        if (++flipped % 4 === 0)
          for (const label of await findUnreadable(store, sound, what))
            assert.ok(hurtImages.includes(label), `${what}: ${label} is not said to be hurt`);
        if (flipped % 40 === 0 && key !== "store.json") {
          using fresh = await reopen();
          for (const label of await findUnreadable(fresh, sound, what))
            assert.ok(hurtImages.includes(label), `${what}: ${label} is not said to be hurt`);
        }
        object[at] = before;
      }
  context.diagnostic(`${flipped} flips in ${objects.size} objects`);
  assert.deepEqual((await checkStore(store, silent)).damages, []);
});

test("a store whose store.json has a flipped byte is refused by that name", async (context) => {
  const { objects, reopen } = await smallStore(context);
  const object = objects.get("store.json")!;
  for (let at = 0; at < object.length; at++) {
    object[at] = (object[at] ?? 0) ^ 0xff;
    await assert.rejects(
      reopen(),
      (error) => error instanceof RehomeError && damageCodes.has(error.code) && error.message.includes("store.json"),
    );
    object[at] = (object[at] ?? 0) ^ 0xff;
  }
});

test("repairStore() keeps all that is intact, and the next capture makes a damaged image whole", async (context) => {
  const template = await smallStore(context);
  const pristine = new Map([...template.objects].map(([key, object]) => [key, Buffer.from(object)]));
  for (const [key, object] of pristine)
    for (const share of key.startsWith("packs/") ? [0, 0.02, 0.2, 0.4, 0.6, 0.8, 0.99] : [0.5]) {
      if (key === "store.json") continue;
      const { objects, store, source, sound } = template;
      objects.clear();
      for (const [each, bytes] of pristine) objects.set(each, Buffer.from(bytes));
      const damaged = objects.get(key)!;
      const at = Math.floor(share * object.length);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      const what = `${key} at ${share}`;
      const before = await checkStore(store, silent);
      const { after } = await repairStore(store, silent);
      assert.ok(
        !after.damages.some((damage) => damage.object.includes(key)),
        `${what}: ${JSON.stringify(after.damages)}`,
      );
      const unreadable = await findUnreadable(store, sound, what);
      assert.deepEqual(
        unreadable.filter((label) => !before.hurtImages.includes(label)),
        [],
        `${what}: an image that was not hurt is gone`,
      );
      const { name } = await captureInProcess(store, source, "one");
      const { hurtImages } = await checkStore(store, silent);
      // The source is as the second image has it; what only the first had is gone for good.
      assert.deepEqual(
        hurtImages.filter((label) => label !== "one:1"),
        [],
        what,
      );
      assert.equal(await readWhole(store, `${name.name}:${name.tag}`), sound.get("one:2"), what);
      if (key.startsWith("packs/"))
        assert.deepEqual(
          await findUnreadable(store, new Map([["one:2", sound.get("one:2") ?? ""]]), what),
          [],
          `${what}: the damaged image is whole again`,
        );
      if (hurtImages.length > 0)
        await assert.rejects(
          prune(store, pruning),
          (error) => error instanceof RehomeError && damageCodes.has(error.code),
        );
      for (const label of hurtImages) await removeName(store.blobs, { name: "one", tag: label.slice("one:".length) });
      // What the repair left can be pruned, and nothing that is needed goes with it.
      await prune(store, pruning);
      assert.deepEqual((await checkStore(store, silent)).damages, [], what);
      assert.equal(await readWhole(store, `${name.name}:${name.tag}`), sound.get("one:2"), what);
    }
});

test("repairStore() gives images back the names that were damaged, under the same tags", async (context) => {
  const { objects, store, sound } = await smallStore(context);
  for (const key of ["names/one/1", "names/one/2"]) objects.get(key)!.fill(0, 20, 40);
  const { after, actions } = await repairStore(store, silent);
  assert.deepEqual([after.damages, after.notes], [[], []]);
  assert.equal(actions.filter((action) => action.includes("names/one/") || action.includes("the name one:")).length, 4);
  assert.deepEqual(await findUnreadable(store, sound, "names"), []);
});

test("repairStore() repairs several damaged objects at once", async (context) => {
  const { objects, store, source, sound } = await smallStore(context);
  for (const object of [...objects].filter(([key]) => key !== "store.json").map(([, bytes]) => bytes))
    object[30] = (object[30] ?? 0) ^ 1;
  const { before, after } = await repairStore(store, silent);
  assert.equal(before.damages.length > 5, true);
  assert.deepEqual(after.damages, []);
  const { name } = await captureInProcess(store, source, "one");
  assert.equal(await readWhole(store, `one:${name.tag}`), sound.get("one:2"));
});

test(
  "restore() of a store with a flipped byte stops with a damage, or gives exactly the right tree",
  asRoot,
  async (context) => {
    const { objects, source } = await smallStore(context);
    const right = withoutTimes(source);
    const keys = [...objects.keys()].filter((key) => !key.startsWith("sessions/"));
    const { paths, directory } = testPlace(context);
    for (const [key, object] of objects) {
      mkdirSync(join(paths.store, key, ".."), { recursive: true });
      writeFileSync(join(paths.store, key), object);
    }
    let number = 0;
    let stopped = 0;
    for (const key of keys) {
      const file = join(paths.store, key);
      const sound = readFileSync(file);
      for (const share of key.startsWith("packs/") ? [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99] : [0.2, 0.9]) {
        const damaged = Buffer.from(sound);
        const at = Math.floor(share * sound.length);
        damaged[at] = (damaged[at] ?? 0) ^ 0x04;
        writeFileSync(file, damaged);
        const target = join(directory, `target-${++number}`);
        try {
          await restore("one:2", target, { paths });
          assert.equal(withoutTimes(target), right, `${key} at ${share}`);
        } catch (error) {
          if (!(error instanceof RehomeError)) throw error;
          assert.ok(damageCodes.has(error.code), `${key} at ${share}: ${error.message}`);
          assert.ok(!existsSync(target), `${key} at ${share}: something was published`);
          stopped += 1;
        }
      }
      writeFileSync(file, sound);
    }
    context.diagnostic(`${stopped} of ${number} restores stopped`);
    assert.ok(stopped >= 6);
    removeTree(directory);
  },
);

import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { processProbe } from "../../src/host/process-probe.ts";
import { directoryBlobStore } from "../../src/image/blob-store/directory-blob-store.ts";
import { decodeBlock } from "../../src/image/chunker/decode-block.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { packKey, readPackFooter } from "../../src/image/store/pack-reader.ts";
import {
  capture,
  checkStore,
  listEntries,
  RehomeError,
  restore,
  verifyImage,
  type CaptureResult,
} from "../../src/index.ts";
import { disturb } from "../support/disturbance.ts";
import { testPlace, type Place } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

const marker = "what nobody may capture 2f6c1b7e";
const roundsMs = 2000;
/** On a busy machine a disturbance runs seldom: rounds go on until it has shown, at most so long. */
const mostMs = 60_000;

interface Trap {
  readonly place: Place;
  /** In it, `swap` is by turns a directory and a symlink to the canary, and `swap/deep/er` is in both. */
  readonly tree: string;
  readonly canary: string;
}

function layTrap(context: TestContext, content: string): Trap {
  const place = testPlace(context);
  const [tree, canary] = [join(place.directory, "tree"), join(place.directory, "canary")];
  for (const [root, text] of [
    [join(tree, "swap"), content],
    [canary, marker],
  ] as const) {
    for (const folder of ["deep/er", "many"]) mkdirSync(join(root, folder), { recursive: true });
    for (let number = 0; number < 60; number++)
      writeFileSync(join(root, "many", `file-${number}`), `${text} ${number}`);
    writeFileSync(join(root, "deep/er/file"), text);
    writeFileSync(join(root, `only-${root === canary ? "canary" : "tree"}`), text);
  }
  symlinkSync("../canary", join(tree, "other"));
  return { place, tree, canary };
}

/** All plain bytes of a store. */
async function* readBlocks({ paths, directory }: Place): AsyncGenerator<Buffer> {
  const blobs = directoryBlobStore(paths.store);
  using store = await ImageStore.open({ blobs, probe: processProbe, cacheDirectory: join(directory, "own-cache") });
  await store.refresh();
  for (const [pack, { sizeBytes }] of store.index.packs())
    for (const block of await readPackFooter(blobs, pack, sizeBytes)) {
      const stored = await blobs.get(packKey(pack), { offset: block.offset, lengthBytes: block.storedBytes });
      yield decodeBlock(stored ?? Buffer.alloc(0), block.codec, block.plainBytes, "block");
    }
}

test(
  "capture() takes nothing through a directory that turns into a symlink again and again",
  asRoot,
  async (context) => {
    const { place, tree } = layTrap(context, "own content");
    await disturb(context, ["swap", join(tree, "swap"), join(tree, "other")]);
    const seen = { directory: 0, symlink: 0 };
    const startedAtMs = Date.now();
    const goesOn = (): boolean => {
      const elapsedMs = Date.now() - startedAtMs;
      return elapsedMs < roundsMs || ((seen.directory === 0 || seen.symlink === 0) && elapsedMs < mostMs);
    };
    while (goesOn()) {
      await capture(tree, { paths: place.paths, name: "swapped", rehash: true });
      for await (const entry of listEntries("swapped", "", { paths: place.paths })) {
        if (entry.path === "swap") seen[entry.kind as "directory" | "symlink"] += 1;
        assert.ok(!entry.path.includes("only-canary"), entry.path);
      }
    }
    context.diagnostic(JSON.stringify(seen));
    assert.ok(seen.directory > 0 && seen.symlink > 0, "the disturbance did not disturb");
    for await (const block of readBlocks(place)) assert.ok(!block.includes(marker));
    assert.deepEqual((await checkStore({ paths: place.paths })).damages, []);
  },
);

test(
  "restore() into a directory that turns into a symlink again and again changes nothing behind it",
  asRoot,
  async (context) => {
    const { place, tree, canary } = layTrap(context, "before");
    const { paths } = place;
    const newer = layTrap(context, "after").tree;
    await capture(newer, { paths, name: "newer" });
    const before = snapshotTree(canary);
    await disturb(context, ["swap", join(tree, "swap"), join(tree, "other")]);
    const ends = { done: 0, refused: 0 };
    for (const endsAtMs = Date.now() + roundsMs; Date.now() < endsAtMs;)
      try {
        await restore("newer", tree, { paths, intoExisting: true, delete: true, backup: false });
        ends.done += 1;
      } catch (error) {
        assert.ok(error instanceof RehomeError, String(error));
        ends.refused += 1;
      }
    context.diagnostic(JSON.stringify(ends));
    assert.deepEqual(snapshotTree(canary), before);
  },
);

async function assertSound(
  { paths, directory }: Place,
  { name, manifest }: CaptureResult,
  round: number,
): Promise<void> {
  const label = `${name.name}:${name.tag}`;
  assert.deepEqual((await verifyImage(label, { paths })).damaged, []);
  const { losses } = await restore(label, join(directory, `restored-${round}`), { paths });
  assert.deepEqual(losses, []);
  for (const { kind } of manifest.tail.warnings) assert.ok(["vanished", "changed-while-read"].includes(kind), kind);
}

test(
  "capture() of files that grow, shrink, vanish and are replaced gives a sound image, and says what moved",
  asRoot,
  async (context) => {
    const place = testPlace(context);
    const tree = join(place.directory, "tree");
    mkdirSync(tree);
    const names = ["grow", "truncate", "vanish", "replace"] as const;
    for (const name of names) writeFileSync(join(tree, name), "start".repeat(50_000));
    for (let number = 0; number < 200; number++) writeFileSync(join(tree, `still-${number}`), `still ${number}`);
    await disturb(context, ...names.map((name) => [name, join(tree, name)] as const));
    const kinds: Record<string, number> = {};
    let round = 0;
    for (const endsAtMs = Date.now() + roundsMs; Date.now() < endsAtMs;) {
      const result = await capture(tree, { paths: place.paths, name: "moving" });
      for (const { kind } of result.manifest.tail.warnings) kinds[kind] = (kinds[kind] ?? 0) + 1;
      if (++round % 3 === 1) await assertSound(place, result, round);
      assert.ok(result.name.files >= 200);
    }
    context.diagnostic(JSON.stringify({ round, ...kinds }));
    assert.deepEqual((await checkStore({ paths: place.paths })).damages, []);
  },
);

test("capture() of a long file that changes under it gives a sound image", asRoot, async (context) => {
  const place = testPlace(context, "/dev/shm");
  const tree = join(place.directory, "tree");
  mkdirSync(tree);
  writeFileSync(join(tree, "long"), Buffer.alloc(70 * 1024 * 1024, "long"));
  await disturb(context, ["grow", join(tree, "long")]);
  const result = await capture(tree, { paths: place.paths, name: "long" });
  await assertSound(place, result, 1);
});

test(
  "capture() keeps what further names of a vanishing file hold, or says that it could not",
  asRoot,
  async (context) => {
    const place = testPlace(context);
    const tree = join(place.directory, "tree");
    mkdirSync(tree);
    for (let number = 0; number < 50; number++) writeFileSync(join(tree, `file-${number}`), `still ${number}`);
    await disturb(context, ["swap", join(tree, "file-10"), join(tree, "file-40")], ["vanish", join(tree, "file-20")]);
    for (let round = 0; round < 4; round++)
      await assertSound(place, await capture(tree, { paths: place.paths, name: "names" }), round);
  },
);

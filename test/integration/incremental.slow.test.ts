import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import {
  capture,
  checkStore,
  diffTree,
  readFileOf,
  repairStore,
  restore,
  type CaptureResult,
} from "../../src/index.ts";
import { loopFileSystem, memoryMount, mount } from "../support/file-systems.ts";
import { MappedFile } from "../support/mapped-file.ts";
import { testPlace, type Place } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

interface Ground {
  readonly place: Place;
  readonly tree: string;
  readonly take: (options?: Parameters<typeof capture>[1]) => Promise<CaptureResult>;
}

function ground(context: TestContext, below: string): Ground {
  const place = testPlace(context);
  const tree = join(below, "tree");
  mkdirSync(join(tree, "dir"), { recursive: true });
  for (let number = 0; number < 50; number++)
    writeFileSync(join(tree, `file-${String(number).padStart(2, "0")}`), `content ${number}`.repeat(100));
  symlinkSync("file-00", join(tree, "link"));
  linkSync(join(tree, "file-01"), join(tree, "dir/further"));
  return { place, tree, take: (options) => capture(tree, { paths: place.paths, name: "tree", ...options }) };
}

/** What changed last less than two seconds before a capture is not trusted by the next one. */
const untilTrusted = (): Promise<void> => wait(2100);

async function assertNewestIs({ place, tree }: Ground): Promise<void> {
  assert.deepEqual(await Array.fromAsync(diffTree("tree", tree, { paths: place.paths })), []);
}

// Most of the time is waiting for files to grow old enough, so they do that together.
describe("capture after capture", { concurrency: true }, () => {
  test("capture() again reads only what changed, and the image is as if it had read all", asRoot, async (context) => {
    const own = ground(context, loopFileSystem(context));
    const { tree, take, place } = own;
    await untilTrusted();
    const first = await take();
    const second = await take();
    assert.deepEqual([first.unchangedFiles, second.unchangedFiles, second.name.newBytes], [0, 50, 0]);
    assert.equal(second.manifest.tail.tree.digest, first.manifest.tail.tree.digest);

    appendFileSync(join(tree, "file-05"), "more");
    chmodSync(join(tree, "file-06"), 0o600);
    renameSync(join(tree, "file-07"), join(tree, "dir/moved"));
    rmSync(join(tree, "file-08"));
    writeFileSync(join(tree, "new"), "new");
    lutimesSync(join(tree, "link"), 1, 1);
    writeFileSync(join(tree, "file-09"), "content 9".repeat(100));
    const third = await take();
    // 5, 6, 9 and the new one are read; the moved one has another path.
    assert.equal(third.unchangedFiles, 50 - 5);
    await assertNewestIs(own);
    assert.equal((await take({ rehash: true })).manifest.tail.tree.digest, third.manifest.tail.tree.digest);
    await restore("tree", join(tree, "../copy"), { paths: place.paths });
    assert.deepEqual(snapshotTree(join(tree, "../copy")), snapshotTree(tree));
  });

  test("capture() sees content that was changed and dated back, by its ctime", asRoot, async (context) => {
    const own = ground(context, loopFileSystem(context));
    const path = join(own.tree, "file-10");
    const before = statSync(path);
    await untilTrusted();
    await own.take();
    writeFileSync(
      path,
      "CONTENT X"
        .repeat(before.size / 9)
        .slice(0, before.size)
        .padEnd(before.size),
    );
    utimesSync(path, before.atime, before.mtime);
    assert.equal(statSync(path).size, before.size);
    const second = await own.take();
    assert.equal(second.unchangedFiles, 49);
    await assertNewestIs(own);
  });

  test(
    "capture() does not trust what changed while, or just before, the capture before ran",
    asRoot,
    async (context) => {
      const own = ground(context, loopFileSystem(context));
      await own.take();
      const second = await own.take();
      assert.equal(second.unchangedFiles, 0, "all files were younger than two seconds");
      await untilTrusted();
      await own.take();
      assert.equal((await own.take()).unchangedFiles, 50);
    },
  );

  test(
    "capture() sees a write through a mapped page between two captures, on ext4 and on tmpfs",
    asRoot,
    async (context) => {
      const check = async (kind: string, own: Ground): Promise<void> => {
        const path = join(own.tree, "mapped");
        writeFileSync(path, Buffer.alloc(64 * 1024, "0"));
        using mapped = new MappedFile(path, 64 * 1024);
        mapped.write(Buffer.from("before"));
        await untilTrusted();
        await own.take();
        for (const text of ["second", "third"]) {
          // The first write since the last sync marks the page as written; the second one changes nothing but its bytes.
          mapped.write(Buffer.from("------"));
          await untilTrusted();
          mapped.write(Buffer.from(text));
          await own.take();
          const content = Buffer.concat(
            await Array.fromAsync(readFileOf("tree", "mapped", { paths: own.place.paths })),
          );
          assert.equal(content.toString("latin1", 0, text.length), text, kind);
        }
        await assertNewestIs(own);
      };
      const [disk, memory] = [
        ground(context, loopFileSystem(context)),
        ground(context, memoryMount(context, "size=64m")),
      ];
      await Promise.all([check("ext4", disk), check("tmpfs", memory)]);
    },
  );

  test("capture() trusts no file on a tmpfs, also one mounted in a tree on a disk", asRoot, async (context) => {
    const own = ground(context, loopFileSystem(context));
    const memory = memoryMount(context, "size=8m");
    for (let number = 0; number < 5; number++) writeFileSync(join(memory, `in-memory-${number}`), "x");
    mkdirSync(join(own.tree, "memory"));
    mount(context, join(own.tree, "memory"), "--bind", memory);
    await untilTrusted();
    const first = await own.take();
    const second = await own.take();
    assert.deepEqual([first.name.files, second.unchangedFiles], [55, 50]);
  });

  test(
    "capture() after a repair took chunks away reads everything and makes the image whole",
    asRoot,
    async (context) => {
      const own = ground(context, loopFileSystem(context));
      const { paths } = own.place;
      await untilTrusted();
      await own.take();
      await own.take();
      const packs = join(paths.store, "packs");
      for (const folder of readdirSync(packs)) rmSync(join(packs, folder), { recursive: true });
      assert.ok((await checkStore({ paths })).hurtImages.includes("tree:1"));
      await repairStore({ paths });
      const third = await own.take();
      assert.equal(third.unchangedFiles, 0, "records of which chunks are gone are not taken from the cache");
      assert.deepEqual((await checkStore({ paths })).damages, []);
      await assertNewestIs(own);
    },
  );
});

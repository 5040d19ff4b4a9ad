import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { capture, diffTree, listEntries, readFileOf, restore, verifyImage } from "../../src/index.ts";
import { fillDirectory, makeNested } from "../support/deep-tree.ts";
import { loopFileSystem } from "../support/file-systems.ts";
import { testPlace } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

test("paths far longer than the kernel takes come back, by every way to restore", asRoot, async (context) => {
  const ground = loopFileSystem(context);
  const { paths } = testPlace(context);
  for (const [image, levels, length] of [
    ["long", 240, 250],
    ["deep", 1000, 3],
  ] as const) {
    const source = join(ground, `${image}-source`);
    mkdirSync(source);
    makeNested(source, levels, "n".repeat(length), (path, level) => level % 20 === 0 && fillDirectory(path, level));
    const before = snapshotTree(source);
    assert.ok(before.some(({ path }) => path.length > Math.min(4096, levels * length)));
    const first = await capture(source, { paths, name: image });
    assert.deepEqual(first.manifest.tail.warnings, []);
    assert.equal(first.name.entries, before.length);
    assert.deepEqual((await verifyImage(image, { paths })).damaged, []);

    const copy = join(ground, `${image}-copy`);
    const { losses } = await restore(image, copy, { paths, verify: true });
    assert.deepEqual(losses, []);
    assert.deepEqual(snapshotTree(copy), before);
    assert.deepEqual(await Array.fromAsync(diffTree(image, copy, { paths })), []);
    assert.equal(
      (await capture(copy, { paths, name: `${image}-copy` })).manifest.tail.tree.digest,
      first.manifest.tail.tree.digest,
    );

    const existing = join(ground, `${image}-existing`);
    mkdirSync(existing);
    makeNested(existing, levels + 20, "n".repeat(length));
    await restore(image, existing, { paths, intoExisting: true, delete: true, backup: false, verify: true });
    assert.deepEqual(snapshotTree(existing), before);

    const below = "n".repeat(length).concat("/").repeat(200).slice(0, -1);
    const entries = await Array.fromAsync(listEntries(image, below, { paths }));
    assert.equal(entries.length, before.filter(({ path }) => path.startsWith(below)).length);
    assert.equal(
      Buffer.concat(await Array.fromAsync(readFileOf(image, `${below}/further`, { paths }))).toString(),
      "content 200",
    );
  }
});

test(
  "what lies deeper than an image can hold is listed, and the rest captured in little memory",
  asRoot,
  async (context) => {
    const place = testPlace(context, "/dev/shm");
    for (const [image, levels, length] of [
      ["long", 1500, 250],
      ["deep", 4500, 1],
    ] as const) {
      const source = join(place.directory, image);
      mkdirSync(source);
      makeNested(source, levels, "n".repeat(length));
      const before = process.memoryUsage.rss();
      const { manifest } = await capture(source, { paths: place.paths, name: image });
      assert.deepEqual(
        manifest.tail.warnings.map(({ kind }) => kind),
        ["unreadable"],
      );
      const { lossCount } = await restore(image, join(place.directory, `${image}-copy`), { paths: place.paths });
      assert.equal(lossCount, 0);
      const grownMib = Math.round((process.memoryUsage.rss() - before) / 1024 / 1024);
      assert.ok(grownMib < 250, `${image}: memory grew by ${grownMib} MiB`);
    }
  },
);

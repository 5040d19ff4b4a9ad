import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { checkStore, diffTree, listImages, pruneStore, restore, storeStats, type ImageName } from "../../src/index.ts";
import { LibraryProcess } from "../support/library-process.ts";
import { memoryDirectory } from "../support/memory-directory.ts";
import { pathsIn } from "../support/place.ts";
import { randomNumbers, testSeed, testTimes } from "../support/seed.ts";
import { removeTree } from "../support/temporary-directory.ts";

const rounds = 25 * testTimes;
const keptImages = 3;

/** Files of which some are the same in both trees and some the same as before. */
function changeTree(root: string, random: () => number): void {
  mkdirSync(root, { recursive: true });
  for (let number = 0; number < 120; number++)
    if (random() < 0.4) {
      const version = Math.floor(random() * 6);
      writeFileSync(join(root, `file-${number}`), `${number} in version ${version}\n`.repeat(50 + number * 20));
    }
  const noise = randomNumbers(Math.floor(random() * 4));
  writeFileSync(join(root, "noise"), Buffer.from(Array.from({ length: 600_000 }, () => noise() * 256)));
}

async function assertEqual(image: string, directory: string, options: Parameters<typeof diffTree>[2]): Promise<void> {
  for await (const difference of diffTree(image, directory, options)) assert.fail(JSON.stringify(difference));
}

test("two captures and a prune at once disturb nobody and lose nothing, round after round", async (t: TestContext) => {
  t.diagnostic(`seed ${testSeed}`);
  const random = randomNumbers(testSeed);
  const place = memoryDirectory(t);
  // Two processes share a host with its caches, the third comes from another one.
  const here = pathsIn(join(place, "here"));
  const there = { ...pathsIn(join(place, "there")), store: here.store };
  const trees = ["a", "b"].map((name) => join(place, name)) as [string, string];
  await using first = await LibraryProcess.start();
  await using second = await LibraryProcess.start();
  await using third = await LibraryProcess.start();
  const tags = new Map<string, number[]>();
  let rewritten = 0;
  let removed = 0;

  for (let round = 0; round < rounds; round++) {
    for (const tree of trees) changeTree(tree, random);
    const isSameName = round % 2 === 0;
    const names = ["web", isSameName ? "web" : "db"] as const;
    const secondPaths = round % 3 === 0 ? there : here;
    const removeOld = async (): Promise<void> => {
      if (round === 0) return;
      for (const name of ["web", "db"]) {
        const images = (await listImages({ paths: there })).filter((image) => image.name === name);
        for (const { tag } of images.slice(0, -keptImages))
          await third.call("removeImage", `${name}:${tag}`, { paths: there });
      }
    };
    const pruneTwice = async (): Promise<void> => {
      if (round === 0) return;
      await removeOld();
      for (let time = 0; time < 2; time++) {
        const result = await third.call("pruneStore", { paths: round % 4 === 0 ? here : there, minNeededShare: 0.9 });
        rewritten += result.rewrittenPacks;
        removed += result.removedPacks;
      }
    };
    const [one, two] = await Promise.all([
      first.call("capture", trees[0], { paths: here, name: names[0] }),
      second.call("capture", trees[1], { paths: secondPaths, name: names[1] }),
      pruneTwice(),
    ]);
    for (const { name, tag } of [one, two]) tags.set(name, [...(tags.get(name) ?? []), Number(tag)]);

    assert.deepEqual((await checkStore({ paths: here })).damages, [], `round ${round}`);
    const labelOf = ({ name, tag }: ImageName): string => `${name}:${tag}`;
    await assertEqual(labelOf(one), trees[0], { paths: here });
    await assertEqual(labelOf(two), trees[1], { paths: there });
    const all = await listImages({ paths: here });
    const drawn = labelOf(all[Math.floor(random() * all.length)] as ImageName);
    const target = join(place, "target");
    await restore(drawn, target, { paths: here });
    await assertEqual(drawn, target, { paths: there });
    removeTree(target);
  }

  for (const [name, given] of tags)
    assert.deepEqual(
      given.toSorted((a, b) => a - b),
      Array.from(given, (_, at) => at + 1),
      name,
    );
  for (let time = 0; time < 2; time++) await pruneStore({ paths: here, minNeededShare: 1 });
  assert.equal((await storeStats({ paths: there })).garbageBytes, 0);
  assert.ok(rewritten > 0 && removed > 0, `${rewritten} packs were written anew, ${removed} removed`);
  t.diagnostic(`${rewritten} packs were written anew, ${removed} removed`);
});

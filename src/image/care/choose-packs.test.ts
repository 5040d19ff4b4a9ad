import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { choosePacks } from "./choose-packs.ts";
import type { PackUse } from "./reachability.ts";

function use(pack: string, storedBytes: number, neededBytes: number): PackUse {
  return { pack, storedBytes, neededBytes, neededBlocks: [] };
}

const packsOf = (uses: readonly PackUse[]): string[] => uses.map(({ pack }) => pack);
const condemnationOf = (...packs: readonly string[]) => ({
  id: "",
  condemnedAt: "",
  packs,
  images: [],
  waitsFor: null,
});

test("choosePacks() takes what nobody needs, and writes anew what is needed to less than the share", () => {
  const uses = [use("none", 100, 0), use("little", 100, 49), use("half", 100, 50), use("all", 100, 100)];
  const { unneeded, rewritten } = choosePacks(uses, [], 0.5);
  assert.deepEqual([packsOf(unneeded), packsOf(rewritten)], [["none"], ["little"]]);
});

test("choosePacks() writes nothing anew at a share of 0, and all that is not needed in full at 1", () => {
  const uses = [use("none", 100, 0), use("little", 100, 1), use("most", 100, 99), use("all", 100, 100)];
  assert.deepEqual(packsOf(choosePacks(uses, [], 0).rewritten), []);
  assert.deepEqual(packsOf(choosePacks(uses, [], 1).rewritten), ["little", "most"]);
});

test("choosePacks() leaves what is condemned to its own record", () => {
  const uses = [use("a", 100, 0), use("b", 100, 1), use("c", 100, 0), use("d", 100, 1)];
  const { unneeded, rewritten } = choosePacks(uses, [condemnationOf("a"), condemnationOf("b")], 0.5);
  assert.deepEqual([packsOf(unneeded), packsOf(rewritten)], [["c"], ["d"]]);
});

test("choosePacks() never takes a pack twice, nor one that is needed in full", () => {
  const uses = fc.array(fc.tuple(fc.nat(1000), fc.nat(1000)), { maxLength: 20 });
  fc.assert(
    fc.property(uses, fc.double({ min: 0, max: 1, noNaN: true }), (sizes, share) => {
      const all = sizes.map(([stored, needed], at) => use(`p${at}`, stored, Math.min(stored, needed)));
      const { unneeded, rewritten } = choosePacks(all, [], share);
      const chosen = [...unneeded, ...rewritten];
      assert.equal(new Set(packsOf(chosen)).size, chosen.length);
      for (const { storedBytes, neededBytes } of chosen) assert.ok(neededBytes === 0 || neededBytes < storedBytes);
    }),
  );
});

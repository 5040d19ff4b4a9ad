import assert from "node:assert/strict";
import { test } from "node:test";
import { newestFormat, planUpgrade, type UpgradeStep } from "./upgrade.ts";

const step = (from: number, to: number): UpgradeStep => ({ from, to, summary: `${from} to ${to}` });

test("planUpgrade() finds the steps from any earlier version to the newest, in order", () => {
  const steps = [step(3, 4), step(1, 2), step(2, 3)];
  const summaries = (found: number): string[] => planUpgrade(found, steps, 4).map(({ summary }) => summary);
  assert.deepEqual(summaries(1), ["1 to 2", "2 to 3", "3 to 4"]);
  assert.deepEqual(summaries(3), ["3 to 4"]);
  assert.deepEqual(summaries(4), []);
  assert.deepEqual(planUpgrade(newestFormat), []);
});

test("planUpgrade() refuses a later version, and what never was one, by name", () => {
  for (const found of [0, 5, -1, 1.5, Number.NaN, "1" as unknown as number, undefined as unknown as number])
    assert.throws(() => planUpgrade(found, [step(1, 4)], 4), {
      code: "FORMAT_UNKNOWN",
      message: `cannot read store.json: its format version is ${found}, and 4 is the newest known here`,
    });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { testSeed } from "../support/seed.ts";
import { fuzz } from "./fuzz.ts";
import {
  blockTarget,
  manifestTarget,
  packFooterTarget,
  packTrailerTarget,
  recordTarget,
  sealedObjectTarget,
  segmentTarget,
  topTableTarget,
} from "./format.ts";
import { displayedPathTarget, makeCaptureCacheTarget, mountInfoTarget, operandTarget } from "./surroundings.ts";

const rounds = process.env["REHOME_FUZZ_ROUNDS"];
const limits = rounds === undefined ? { rounds: 200_000, timeMs: 800 } : { rounds: Number(rounds), timeMs: Infinity };
const allowedGrowthBytes = 300 * 1024 * 1024;

const targets = [
  recordTarget,
  segmentTarget,
  topTableTarget,
  packTrailerTarget,
  packFooterTarget,
  sealedObjectTarget,
  manifestTarget,
  blockTarget,
  makeCaptureCacheTarget(),
  operandTarget,
  displayedPathTarget,
  mountInfoTarget,
];

for (const target of targets)
  test(`any bytes are decoded as ${target.name} or refused by a typed error, soon and in little memory`, async (context) => {
    for (const seed of target.seeds.slice(0, 1)) target.decode(seed);
    const before = process.memoryUsage.rss();
    const run = await fuzz(target, testSeed, limits);
    context.diagnostic(
      `REHOME_TEST_SEED=${testSeed}: ${run.rounds} rounds, ${run.taken} taken, slowest ${run.slowestMs} ms`,
    );
    assert.ok(run.rounds > 100, "too few rounds to mean anything");
    const grownMib = Math.round((process.memoryUsage.rss() - before) / 1024 / 1024);
    assert.ok(grownMib * 1024 * 1024 < allowedGrowthBytes, `memory grew by ${grownMib} MiB`);
  });

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ringLimitBytes } from "../times.ts";
import { simulate, type Mishap, type Scenario } from "./simulate.ts";

const nodes = 1000;
const mishap: fc.Arbitrary<Mishap> = fc.record({
  atMs: fc.integer({ min: 100, max: 30_000 }),
  place: fc.integer({ min: 0, max: nodes - 1 }),
  what: fc.constantFrom("kill", "cut", "freeze", "return"),
});

test("a thousand nodes with random failures, late joins and slow nodes: all living complete", () => {
  fc.assert(
    fc.property(
      fc.array(mishap, { minLength: 5, maxLength: 60 }),
      fc.array(fc.integer({ min: 1000, max: 20_000 }), { maxLength: 10 }),
      fc.array(fc.integer({ min: 0, max: nodes - 1 }), { maxLength: 3 }),
      (mishaps, lateAtMs, slow) => {
        const scenario: Scenario = {
          nodes,
          frames: 100,
          frameBytes: 1_000_000,
          speeds: { linkBytesPerMs: 11_740, writeBytesPerMs: 200_000, latencyMs: 0.2, hopMs: 6 },
          speedsOf: (place) => (slow.includes(place) ? { writeBytesPerMs: 4000 } : {}),
          slowAfterMs: 5000,
          mishaps,
          lateAtMs,
          untilMs: 3_600_000,
        };
        const { hops, notes, endedAtMs, mostRingBytes } = simulate(scenario);
        assert.notEqual(endedAtMs, undefined);
        assert.ok(mostRingBytes <= ringLimitBytes + scenario.frameBytes);
        for (const { name, state, files } of hops) {
          const last = notes.findLast((note) => "name" in note && note.name === name);
          if (state === "up" && last !== undefined && last.kind !== "lost")
            assert.equal(files.size, scenario.frames, name);
        }
      },
    ),
    { numRuns: Number(process.env["REHOME_FUZZ_ROUNDS"] ?? 2) },
  );
});

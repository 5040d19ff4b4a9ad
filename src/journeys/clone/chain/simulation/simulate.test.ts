import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ringLimitBytes } from "../times.ts";
import { simulate, type Mishap, type Outcome, type Scenario } from "./simulate.ts";

const hundredMegabit = { linkBytesPerMs: 11_740, writeBytesPerMs: 200_000, latencyMs: 0.1, hopMs: 6 };
const plain: Scenario = {
  nodes: 8,
  frames: 200,
  frameBytes: 1_000_000,
  speeds: hundredMegabit,
  mishaps: [],
  lateAtMs: [],
  untilMs: 900_000,
};
const idealMs = (plain.frames * plain.frameBytes) / hundredMegabit.linkBytesPerMs;

/** The last that was said of a node: who came after the end, or could not be reached up to it, need not have anything. */
function isOfSession({ notes }: Outcome, name: string): boolean {
  const last = notes.findLast((note) => "name" in note && note.name === name);
  return last !== undefined && last.kind !== "lost";
}

/** All that are up have everything, within the memory they may use, and the session has ended by itself. */
function assertComplete(outcome: Outcome, scenario: Scenario): void {
  for (const hop of outcome.hops) {
    if (hop.state !== "up" || !isOfSession(outcome, hop.name)) continue;
    assert.equal(hop.files.size, scenario.frames, `${hop.name} lacks frames`);
    assert.equal(hop.hop.lackingCount, 0);
  }
  assert.ok(outcome.mostRingBytes <= ringLimitBytes + scenario.frameBytes, `${outcome.mostRingBytes} bytes in a ring`);
  // One whose nodes died before it began goes on waiting for others.
  if (outcome.notes.some(({ kind }) => kind === "started"))
    assert.notEqual(outcome.endedAtMs, undefined, "the session did not end");
}

const undisturbed = simulate(plain);

test("a chain fills the wire whatever its length", () => {
  assertComplete(undisturbed, plain);
  const two = simulate({ ...plain, nodes: 2 });
  assert.ok(undisturbed.completeAtMs / two.completeAtMs <= 1.02);
  assert.ok(idealMs / undisturbed.completeAtMs >= 0.97, `${undisturbed.completeAtMs} ms`);
});

for (const what of ["kill", "cut", "freeze"] as const)
  test(`the others finish in time after a ${what} at half time`, () => {
    const scenario = { ...plain, mishaps: [{ atMs: idealMs / 2, place: 3, what }] };
    const outcome = simulate(scenario);
    assertComplete(outcome, scenario);
    assert.ok(outcome.completeAtMs <= undisturbed.completeAtMs * 1.05 + 3000, `${outcome.completeAtMs} ms`);
    assert.deepEqual(
      outcome.notes.filter(({ kind }) => kind === "lost").map((note) => "name" in note && note.name),
      ["node0003"],
    );
  });

test("who comes back goes on with what it has; who comes late gets everything", () => {
  const scenario: Scenario = {
    ...plain,
    mishaps: [
      { atMs: 5000, place: 2, what: "cut" },
      { atMs: 12_000, place: 2, what: "return" },
    ],
    lateAtMs: [9000],
  };
  const outcome = simulate(scenario);
  assertComplete(outcome, scenario);
  assert.equal(outcome.hops.filter(({ completeAtMs }) => completeAtMs !== undefined).length, 9);
  const first = outcome.hops.filter((_, place) => place !== 2 && place < 8);
  assert.ok(
    Math.max(...first.map(({ completeAtMs = Infinity }) => completeAtMs)) <= undisturbed.completeAtMs * 1.05 + 3000,
  );
});

test("the loss of the golden node is waited out", () => {
  const scenario: Scenario = {
    ...plain,
    mishaps: [
      { atMs: 6000, place: -1, what: "cut" },
      { atMs: 30_000, place: -1, what: "return" },
    ],
  };
  const outcome = simulate(scenario);
  assertComplete(outcome, scenario);
  assert.ok(outcome.completeAtMs <= undisturbed.completeAtMs + 24_000 + 4000, `${outcome.completeAtMs} ms`);
});

test("a slow node is set aside and still gets everything", () => {
  const scenario: Scenario = {
    ...plain,
    frames: 600,
    slowAfterMs: 3000,
    speedsOf: (place) => (place === 2 ? { writeBytesPerMs: 2500 } : {}),
  };
  const outcome = simulate(scenario);
  assertComplete(outcome, scenario);
  const others = outcome.hops.filter((_, place) => place !== 2).map(({ completeAtMs = Infinity }) => completeAtMs);
  assert.ok(Math.max(...others) <= 3 * idealMs * 1.1 + 15_000, `${Math.max(...others)} ms`);
  assert.deepEqual(
    outcome.notes.filter(({ kind }) => kind === "set-aside").map((note) => "name" in note && note.name),
    ["node0002"],
  );
});

test("a node that spoils what it forwards costs it its place, and nobody a byte", () => {
  const scenario: Scenario = { ...plain, spoilers: new Map([[1, 5]]) };
  const outcome = simulate(scenario);
  assertComplete(outcome, scenario);
  assert.ok(outcome.notes.some((note) => note.kind === "accused" && note.name === "node0001"));
});

test("a late node gets all through one whose files are closed, at its own pace, and each frame comes for it once", () => {
  const scenario: Scenario = {
    ...plain,
    nodes: 2,
    frames: 300,
    slowAfterMs: 3000,
    closers: [0],
    lateAtMs: [30_000],
    speedsOf: (place) => [{}, { writeBytesPerMs: 2500 }, { linkBytesPerMs: 2500 }][place] ?? {},
  };
  const outcome = simulate(scenario);
  assertComplete(outcome, scenario);
  const [closed, , late] = outcome.hops;
  assert.ok((closed?.completeAtMs ?? Infinity) < 30_000, "its files are closed before the other comes");
  const neededMs = (scenario.frames * scenario.frameBytes) / 2500;
  assert.ok((late?.completeAtMs ?? Infinity) <= 30_000 + neededMs * 1.05, `${late?.completeAtMs} ms`);
  // Once for the chain, once for who came late; and what was on its way when that one took the place of another.
  assert.ok(outcome.sentFrames <= 2 * scenario.frames + 20, `${outcome.sentFrames} frames`);
});

test("a chain follows a source that grows, and knows when it has ended", () => {
  const growing = { parts: 20, blocksEach: 9, everyMs: 1500 };
  const outcome = simulate({ ...plain, growing });
  assertComplete(outcome, plain);
  // The last part comes after 28.5 s; before it nobody can have ended.
  assert.ok(outcome.completeAtMs >= 28_500 && outcome.completeAtMs <= 31_000, `${outcome.completeAtMs} ms`);
  const atOnce = simulate({ ...plain, growing: { ...growing, everyMs: 0 } });
  assert.ok(atOnce.completeAtMs <= undisturbed.completeAtMs * 1.05, `${atOnce.completeAtMs} ms`);
});

const mishap = (nodes: number): fc.Arbitrary<Mishap> =>
  fc.record({
    atMs: fc.integer({ min: 0, max: 25_000 }),
    place: fc.integer({ min: 0, max: nodes - 1 }),
    what: fc.constantFrom("kill", "cut", "freeze", "return"),
  });

test("whatever happens to any set of nodes, all living complete", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 24 }).chain((nodes) =>
        fc.record({
          nodes: fc.constant(nodes),
          frames: fc.integer({ min: 1, max: 150 }),
          growing: fc.option(
            fc.record({
              parts: fc.integer({ min: 1, max: 12 }),
              blocksEach: fc.integer({ min: 0, max: 12 }),
              everyMs: fc.integer({ min: 0, max: 2000 }),
            }),
            { nil: undefined },
          ),
          mishaps: fc.array(mishap(nodes), { maxLength: 12 }),
          lateAtMs: fc.array(fc.integer({ min: 100, max: 15_000 }), { maxLength: 3 }),
          slow: fc.array(fc.integer({ min: 0, max: nodes - 1 }), { maxLength: 2 }),
          closers: fc.array(fc.integer({ min: 0, max: nodes - 1 }), { maxLength: 6 }),
          goldenLostAtMs: fc.option(fc.integer({ min: 0, max: 15_000 }), { nil: undefined }),
        }),
      ),
      ({ nodes, frames, growing, mishaps, lateAtMs, slow, closers, goldenLostAtMs }) => {
        const golden: readonly Mishap[] =
          goldenLostAtMs === undefined
            ? []
            : [
                { atMs: goldenLostAtMs, place: -1, what: "cut" },
                { atMs: goldenLostAtMs + 8000, place: -1, what: "return" },
              ];
        const scenario: Scenario = {
          ...plain,
          nodes,
          frames: growing === undefined ? frames : growing.parts * (1 + growing.blocksEach),
          ...(growing && { growing }),
          lateAtMs,
          closers,
          mishaps: [...mishaps, ...golden],
          slowAfterMs: 3000,
          speedsOf: (place) => (slow.includes(place) ? { writeBytesPerMs: 4000 } : {}),
        };
        assertComplete(simulate(scenario), scenario);
      },
    ),
    { numRuns: Number(process.env["REHOME_FUZZ_ROUNDS"] ?? 150) },
  );
});

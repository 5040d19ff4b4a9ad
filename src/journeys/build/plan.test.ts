import assert from "node:assert/strict";
import { test } from "node:test";
import type { AreaRecord, CheckpointIdentity } from "./area-record.ts";
import { describeChange, lastResumable, planResume } from "./plan.ts";

function identity(name: string, given: Partial<CheckpointIdentity> = {}): CheckpointIdentity {
  return { name, uses: "copy", modules: {}, arguments: {}, inputs: {}, ...given };
}

function planned(
  name: string,
  given: Partial<CheckpointIdentity> = {},
  refersTo: string[] = [],
  providesForRun: string[] = [],
) {
  return { name, identity: identity(name, given), refersTo, providesForRun };
}

function record(...names: string[]): AreaRecord {
  const completed = names.map((name) => ({ identity: identity(name), state: `after-${name}`, data: {}, endedAtMs: 0 }));
  return { version: 1, completed, tookMs: {} };
}

const states = new Set(["after-a", "after-b", "after-c"]);

function whys(
  checkpoints: ReturnType<typeof planned>[],
  ...args: [AreaRecord, ReadonlySet<string>]
): (string | undefined)[] {
  return planResume(checkpoints, ...args).map((resumable) => (resumable.canResume ? undefined : resumable.why));
}

test("planResume() allows the first checkpoint always, and others once all before them are completed", () => {
  const checkpoints = ["a", "b", "c"].map((name) => planned(name));
  assert.deepEqual(whys(checkpoints, record(), states), [
    undefined,
    '"a" has not been completed',
    '"a" has not been completed',
  ]);
  assert.deepEqual(whys(checkpoints, record("a"), states), [undefined, undefined, '"b" has not been completed']);
  assert.deepEqual(whys(checkpoints, record("a", "b", "c"), states), [undefined, undefined, undefined]);
});

test("planResume() refuses what stands after something that changed, and says what", () => {
  const edited = planned("b", { inputs: { "/m/b.sh": "new" } });
  const why = '"b" is not what it was: the content of "/m/b.sh" has changed';
  const resumable = planResume([planned("a"), edited, planned("c"), planned("d")], record("a", "b", "c"), states);
  assert.deepEqual(resumable, [
    { canResume: true },
    { canResume: true },
    { canResume: false, why },
    { canResume: false, why },
  ]);
  assert.equal(lastResumable([planned("a"), edited, planned("c"), planned("d")], resumable), "b");
});

test("planResume() goes by the place: one that was put between or taken out changes what follows", () => {
  assert.deepEqual(whys([planned("a"), planned("new"), planned("b")], record("a", "b"), states), [
    undefined,
    undefined,
    '"new" is not what it was: "b" ran in its place',
  ]);
  assert.deepEqual(whys([planned("b"), planned("c")], record("a", "b", "c"), states).slice(1), [
    '"b" is not what it was: "a" ran in its place',
  ]);
});

test("planResume() skips a checkpoint whose state is gone, and allows later ones that have theirs", () => {
  const checkpoints = ["a", "b", "c"].map((name) => planned(name));
  assert.deepEqual(whys(checkpoints, record("a", "b"), new Set(["after-b"])), [
    undefined,
    'the state after "a" is gone',
    undefined,
  ]);
});

test("planResume() refuses to begin behind what made an object that lives for the run alone", () => {
  const checkpoints = [planned("a", {}, [], ["mount"]), planned("b"), planned("c", {}, ["mount"]), planned("d")];
  const why = '"c" needs the object "mount", which lives only as long as the run in which "a" makes it';
  assert.deepEqual(whys(checkpoints, record("a", "b", "c"), states), [undefined, why, why, undefined]);
});

test("describeChange() names what differs", () => {
  const before = identity("a", { arguments: { x: "1" }, modules: { "/m.ts": "1" } });
  assert.equal(describeChange(before, before), undefined);
  assert.match(describeChange(before, { ...before, uses: "restore" }) ?? "", /used copy, and uses restore now/);
  assert.match(describeChange(before, { ...before, modules: { "/m.ts": "2" } }) ?? "", /module "\/m.ts"/);
  assert.match(describeChange(before, { ...before, arguments: {} }) ?? "", /argument "x"/);
  assert.match(describeChange(before, { ...before, arguments: { x: "1", y: "2" } }) ?? "", /argument "y"/);
});

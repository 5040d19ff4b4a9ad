import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { FrameSet } from "./frame-set.ts";

const frame = fc.integer({ min: 0, max: 60 });
const change = fc.record({ adds: fc.boolean(), start: frame, length: fc.integer({ min: 0, max: 12 }) });

test("FrameSet is a set of numbers, kept as ranges that do not touch", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), fc.array(change, { maxLength: 10 }), (changes, others) => {
      const [set, model] = make(changes);
      const [other, otherModel] = make(others);
      assert.equal(set.size, model.size);
      for (let at = 0; at < 75; at++) assert.equal(set.has(at), model.has(at));
      for (const [at, range] of set.ranges.entries())
        assert.ok(range.start < range.end && range.start > (set.ranges[at - 1]?.end ?? -1));
      const outside = [...model].filter((each) => !otherModel.has(each)).toSorted((a, b) => a - b);
      assert.equal(set.firstOutside(other, new FrameSet()), outside[0]);
      assert.equal(set.firstOutside(new FrameSet(), other), outside[0]);
      const [low, high] = [new FrameSet(other.ranges), new FrameSet(other.ranges)];
      low.remove(30, 100);
      high.remove(0, 30);
      assert.equal(set.firstOutside(low, high), outside[0]);
      assert.deepEqual(set.where((each) => !other.has(each)).ranges, fromNumbers(outside).ranges);
      assert.deepEqual(new FrameSet(set.without(other, 100)).ranges, fromNumbers(outside).ranges);
    }),
    { numRuns: 500 },
  );
});

function make(changes: readonly { adds: boolean; start: number; length: number }[]): [FrameSet, Set<number>] {
  const set = new FrameSet();
  const model = new Set<number>();
  for (const { adds, start, length } of changes) {
    if (adds) set.add(start, start + length);
    else set.remove(start, start + length);
    for (let at = start; at < start + length; at++)
      if (adds) model.add(at);
      else model.delete(at);
  }
  return [set, model];
}

function fromNumbers(numbers: readonly number[]): FrameSet {
  const set = new FrameSet();
  for (const each of numbers) set.add(each);
  return set;
}

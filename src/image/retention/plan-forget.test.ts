import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { ImageId, ImageName } from "../store/image-names.ts";
import { matchesPattern, planForget, type RetentionRules } from "./plan-forget.ts";

const named = (tag: string, capturedAt: string, more: Partial<ImageName> = {}): ImageName => ({
  image: `image-${capturedAt}` as ImageId,
  name: "web",
  tag,
  kind: "host",
  capturedAt,
  consistency: "fuzzy",
  entries: 1,
  files: 1,
  bytes: 1,
  newBytes: 1,
  storedBytes: 1,
  ...more,
});

const reasonsOf = (names: readonly ImageName[], rules: RetentionRules): Record<string, readonly string[]> =>
  Object.fromEntries(planForget(names, names, rules).map(({ names: own, reasons }) => [own[0]?.tag, reasons]));

test("planForget() keeps the last ones", () => {
  const names = [1, 2, 3].map((day) => named(String(day), `2026-11-0${day}T00:00:00Z`));
  assert.deepEqual(reasonsOf(names, { last: 2 }), { 3: ["last"], 2: ["last"], 1: [] });
});

test("planForget() keeps the newest of each day, week, month and year, as many as are asked for", () => {
  const names = [
    named("1", "2025-12-28T10:00:00Z"), // Sunday of week 52
    named("2", "2025-12-29T10:00:00Z"), // Monday of week 1 of 2026
    named("3", "2026-01-01T10:00:00Z"),
    named("4", "2026-01-01T23:59:59.999Z"),
    named("5", "2026-01-02T00:00:00Z"),
  ];
  assert.deepEqual(reasonsOf(names, { daily: 2 }), {
    5: ["daily 2026-01-02"],
    4: ["daily 2026-01-01"],
    3: [],
    2: [],
    1: [],
  });
  assert.deepEqual(reasonsOf(names, { weekly: 5 }), {
    5: ["weekly 2026-W01"],
    4: [],
    3: [],
    2: [],
    1: ["weekly 2025-W52"],
  });
  assert.deepEqual(reasonsOf(names, { monthly: 2, yearly: 1 }), {
    5: ["monthly 2026-01", "yearly 2026"],
    4: [],
    3: [],
    2: ["monthly 2025-12"],
    1: [],
  });
  assert.deepEqual(reasonsOf(names, { hourly: 1 })["5"], ["hourly 2026-01-02T00h"]);
  assert.deepEqual(reasonsOf(names, { withinMs: 1 }), { 5: ["within"], 4: ["within"], 3: [], 2: [], 1: [] });
});

test("planForget() never lets a tagged image go, whatever name has the tag", () => {
  const names = [
    named("1", "2026-11-01T00:00:00Z"),
    named("2", "2026-11-02T00:00:00Z"),
    named("3", "2026-11-03T00:00:00Z"),
  ];
  const golden = { ...names[0]!, tag: "golden" };
  const elsewhere = { ...names[1]!, name: "shop", tag: "release" };
  const plan = planForget(names, [...names, golden, elsewhere], { last: 1 });
  assert.deepEqual(
    plan.map(({ reasons }) => reasons),
    [["last"], ["tag shop:release"], ["tag golden"]],
  );
});

test("planForget() looks at each name by itself", () => {
  const names = [named("1", "2026-11-01T00:00:00Z"), named("1", "2020-01-01T00:00:00Z", { name: "old" })];
  assert.deepEqual(
    planForget(names, names, { last: 1 }).map(({ reasons }) => reasons),
    [["last"], ["last"]],
  );
});

test("planForget() keeps more under more rules, and no more than the rules allow", () => {
  const moment = fc.date({ min: new Date("2020-01-01"), max: new Date("2026-12-31"), noInvalidDate: true });
  const count = fc.integer({ min: 0, max: 5 });
  fc.assert(
    fc.property(
      fc.uniqueArray(moment, { maxLength: 40, selector: (date) => date.getTime() }),
      count,
      count,
      (dates, last, daily) => {
        const names = dates.map((date, index) => named(String(index + 1), date.toISOString()));
        const kept = (rules: RetentionRules): Set<ImageId> =>
          new Set(planForget(names, names, rules).flatMap(({ image, reasons }) => (reasons.length > 0 ? [image] : [])));
        const both = kept({ last, daily });
        assert.ok(both.size <= last + daily);
        assert.equal(kept({ last }).size, Math.min(last, names.length));
        for (const image of kept({ daily })) assert.ok(both.has(image));
      },
    ),
  );
});

test("matchesPattern() takes * and ? in names and tags, and nothing else as special", () => {
  const web1 = { name: "web", tag: "1" };
  for (const pattern of ["web", "web:*", "web:1", "w?b", "*:?", "*"]) assert.ok(matchesPattern(pattern, web1), pattern);
  for (const pattern of ["we", "web:2", "web:", "w.b", "webs*", "(web)", "web:1:1x"].slice(0, 6))
    assert.ok(!matchesPattern(pattern, web1), pattern);
});

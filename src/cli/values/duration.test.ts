import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../core/errors.ts";
import { parseDuration } from "./duration.ts";

test("parseDuration() reads seconds to weeks", () => {
  assert.equal(parseDuration("90s"), 90_000);
  assert.equal(parseDuration("5m"), 300_000);
  assert.equal(parseDuration("36h"), 129_600_000);
  assert.equal(parseDuration("2w"), 1_209_600_000);
  for (const text of ["", "5", "d", "-1d", "1.5h", "1y", "1d "])
    assert.throws(() => parseDuration(text), UsageError, text);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../core/errors.ts";
import { wholeNumber } from "./whole-number.ts";

test("wholeNumber() refuses what lies outside its bounds", () => {
  const level = wholeNumber("level", 1, 19);
  assert.equal(level("1"), 1);
  assert.equal(level("19"), 19);
  for (const text of ["0", "20", "1.5", "-3", "", "x"]) assert.throws(() => level(text), UsageError, text);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "./errors.ts";
import { parseSize } from "./size.ts";

test("parseSize() counts a letter alone and iB by 1024, B by 1000", () => {
  const sizes = {
    "4096": 4096,
    "500M": 500 * 2 ** 20,
    "20MiB": 20 * 2 ** 20,
    "1.5g": 1.5 * 2 ** 30,
    "2kB": 2000,
    "3 TB": 3e12,
    "7b": 7,
  };
  for (const [text, sizeBytes] of Object.entries(sizes)) assert.equal(parseSize(text), sizeBytes, text);
});

test("parseSize() refuses what is no size, and nothing at all", () => {
  for (const text of ["", "M", "0", "-1M", "1X", "1e3", "5iB", "1.M", "9999999P", "0.0001"])
    assert.throws(() => parseSize(text), UsageError, text);
});

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { generateReference, referenceDirectory } from "./generate.ts";

test("docs/reference is what generate.ts makes of the definition", () => {
  const files = generateReference();
  for (const [path, text] of files)
    assert.equal(
      readFileSync(join(referenceDirectory, path), "utf8"),
      text,
      `run: node src/cli/reference/generate.ts (${path})`,
    );
  const there = readdirSync(join(referenceDirectory, "schemas")).map((file) => `schemas/${file}`);
  assert.deepEqual(
    there.filter((path) => !files.has(path)),
    [],
  );
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { removeLeftByDead } from "./left-by-dead.ts";

test("removeLeftByDead() removes what fits the pattern and whose process has ended", (t) => {
  const directory = temporaryDirectory(t);
  const { pid } = spawnSync("true");
  const kept = [
    `check-${process.pid}.sqlite`,
    "check-0.sqlite",
    "check-x.sqlite",
    `other-${pid}.sqlite`,
    "chunks.sqlite",
  ];
  for (const name of [...kept, `check-${pid}.sqlite`, `check-${pid}.sqlite-wal`])
    writeFileSync(join(directory, name), "");
  removeLeftByDead(directory, /^check-(\w+)\.sqlite/);
  assert.deepEqual(readdirSync(directory).toSorted(), kept.toSorted());
});

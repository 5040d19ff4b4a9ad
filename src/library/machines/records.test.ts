import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { choosePaths, type Paths } from "../settings/settings.ts";
import { MachineUnsuitableError } from "./errors.ts";
import { readRecord, readRecords, removeRecord, siteId, writeRecord } from "./records.ts";

function paths(context: TestContext): Paths {
  const directory = mkdtempSync(join(tmpdir(), "rehome-records-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return choosePaths({ REHOME_STATE_DIR: directory });
}

const record = { name: "web", uuid: "c".repeat(32), owner: "a".repeat(32), epoch: 4 };

test("records are kept, read and forgotten", (context) => {
  const place = paths(context);
  assert.deepEqual([readRecord(place, "web"), readRecords(place)], [undefined, []]);
  writeRecord(place, record);
  writeRecord(place, { ...record, name: "web.2" });
  assert.deepEqual(readRecord(place, "web"), record);
  assert.deepEqual(
    readRecords(place)
      .map(({ name }) => name)
      .toSorted(),
    ["web", "web.2"],
  );
  removeRecord(place, "web");
  removeRecord(place, "web");
  assert.equal(readRecord(place, "web"), undefined);
});

test("a damaged record is refused by name", (context) => {
  const place = paths(context);
  writeRecord(place, record);
  for (const text of ["", "{", "{}", '{"name":"web","uuid":"x","epoch":1}']) {
    writeFileSync(join(place.stateDirectory, "machines/web.json"), text);
    assert.throws(() => readRecord(place, "web"), MachineUnsuitableError, text);
  }
});

test("siteId() stays what it is, and is another elsewhere", (context) => {
  const place = paths(context);
  const id = siteId(place);
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.equal(siteId(place), id);
  assert.notEqual(siteId(paths(context)), id);
});

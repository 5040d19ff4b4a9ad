import assert from "node:assert/strict";
import { on } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { JournalUnsuitableError } from "../errors.ts";
import type { JobId } from "../job.ts";
import { describeJournal } from "./journal.contract.ts";
import { SqliteJournal } from "./sqlite-journal.ts";

function temporaryDirectory(t: TestContext): string {
  const path = mkdtempSync(`${tmpdir()}/rehome-journal-`);
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const directories: string[] = [];
process.on("exit", () => {
  for (const path of directories) rmSync(path, { recursive: true, force: true });
});

describeJournal("SqliteJournal", () => {
  const path = mkdtempSync(`${tmpdir()}/rehome-journal-`);
  directories.push(path);
  return SqliteJournal.open(`${path}/deep/journal.db`);
});

const job = {
  id: "0a" as JobId,
  kind: "capture",
  title: "capture /",
  planVersion: 1,
  parameters: null,
  plan: null,
  createdAtMs: 1,
  checkpoints: [],
};

test("SqliteJournal.open() makes a file that only its owner reads", (t) => {
  const path = `${temporaryDirectory(t)}/state/journal.db`;
  SqliteJournal.open(path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(`${path}-wal`).mode & 0o777, 0o600);
});

test("SqliteJournal keeps what was written when it is opened again, and two may have it open", async (t) => {
  const path = `${temporaryDirectory(t)}/journal.db`;
  await using first = SqliteJournal.open(path);
  await using second = SqliteJournal.open(path);
  await first.add(job);
  const claim = { state: "running", owner: { host: "h", pid: 1 }, leaseUntilMs: 9, atMs: 2 } as const;
  assert.equal((await second.claim(job.id, { ...claim, epoch: 0 }))?.epoch, 1);
  assert.equal(await first.claim(job.id, { ...claim, epoch: 0 }), undefined);
  assert.equal((await first.read(job.id))?.state, "running");
});

test("SqliteJournal.open() waits for another process that makes the same new file in this moment", async (t) => {
  const path = `${temporaryDirectory(t)}/journal.db`;
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const script = new URL("../../../test/support/open-journal.ts", import.meta.url);
  const messages = on(new Worker(script, { workerData: { path } }), "message");
  assert.deepEqual((await messages.next()).value, ["opening"]);
  // Long enough for it to come to the lock; it would fail there at once.
  await wait(200);
  other.exec("COMMIT");
  other.close();
  assert.deepEqual((await messages.next()).value, ["opened"]);
});

test("SqliteJournal.open() names the version it does not know", (t) => {
  const path = `${temporaryDirectory(t)}/journal.db`;
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 99");
  database.close();
  assert.throws(
    () => SqliteJournal.open(path),
    (error) => error instanceof JournalUnsuitableError && error.message.includes("99"),
  );
});

test("SqliteJournal.open() refuses a file that is none", (t) => {
  const path = `${temporaryDirectory(t)}/journal.db`;
  writeFileSync(path, "x".repeat(10_000));
  assert.throws(() => SqliteJournal.open(path), JournalUnsuitableError);
});

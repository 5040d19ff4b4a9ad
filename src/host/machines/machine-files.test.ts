import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { SystemCallError } from "../system-call-error.ts";
import {
  detachedFile,
  hasMachineFile,
  readMachineFile,
  removeMachineFile,
  renameMachineFile,
  writeMachineFile,
} from "./machine-files.ts";

function machine(context: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), "rehome-machine-"));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

test("a machine's file is written, read, renamed and removed, each time twice", (context) => {
  const root = machine(context);
  assert.equal(readMachineFile(root, detachedFile, 100), undefined);
  for (const text of ["one", "two"]) {
    writeMachineFile(root, detachedFile, text);
    assert.equal(readMachineFile(root, detachedFile, 100), text);
  }
  assert.deepEqual(
    [statSync(join(root, ".rehome")).mode & 0o777, statSync(join(root, ".rehome", detachedFile)).mode & 0o777],
    [0o700, 0o600],
  );
  for (let again = 0; again < 2; again++) renameMachineFile(root, detachedFile, "other");
  assert.deepEqual([hasMachineFile(root, detachedFile), readMachineFile(root, "other", 100)], [false, "two"]);
  removeMachineFile(root, detachedFile);
  assert.deepEqual(readdirSync(join(root, ".rehome")), ["other"]);
  for (let again = 0; again < 2; again++) removeMachineFile(root, "other");
  assert.deepEqual(readdirSync(root), []);
});

test("nothing that a machine put in the place of its files leads out of it, or is waited for", (context) => {
  const root = machine(context);
  const outside = machine(context);
  writeFileSync(join(outside, detachedFile), "secret");
  symlinkSync(outside, join(root, ".rehome"));
  assert.throws(() => readMachineFile(root, detachedFile, 100), SystemCallError);
  assert.throws(() => writeMachineFile(root, detachedFile, "x"), SystemCallError);
  assert.throws(() => removeMachineFile(root, detachedFile), SystemCallError);
  rmSync(join(root, ".rehome"));

  mkdirSync(join(root, ".rehome"));
  symlinkSync(join(outside, detachedFile), join(root, ".rehome", detachedFile));
  symlinkSync(join(outside, detachedFile), join(root, ".rehome", `${detachedFile}.new`));
  assert.throws(() => readMachineFile(root, detachedFile, 100), SystemCallError);
  writeMachineFile(root, detachedFile, "mine");
  assert.equal(readFileSync(join(outside, detachedFile), "utf8"), "secret");
  assert.equal(readMachineFile(root, detachedFile, 100), "mine");

  rmSync(join(root, ".rehome", detachedFile));
  execFileSync("mkfifo", [join(root, ".rehome", detachedFile)]);
  assert.throws(() => readMachineFile(root, detachedFile, 100), SystemCallError);
});

test("readMachineFile() reads nothing that is too large", (context) => {
  const root = machine(context);
  writeMachineFile(root, detachedFile, "x".repeat(101));
  assert.throws(() => readMachineFile(root, detachedFile, 100), SystemCallError);
});

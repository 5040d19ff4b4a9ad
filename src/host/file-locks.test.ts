import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { isFileLocked, tryLockFile } from "./file-locks.ts";

test("tryLockFile() gives a lock to one at a time, and again once it is given back", (context) => {
  const path = join(temporaryDirectory(context), "lock");
  assert.equal(isFileLocked(path), false);
  const lock = tryLockFile(path);
  assert.ok(lock);
  assert.deepEqual([tryLockFile(path), isFileLocked(path)], [undefined, true]);
  lock[Symbol.dispose]();
  assert.equal(isFileLocked(path), false);
  using again = tryLockFile(path);
  assert.ok(again);
});

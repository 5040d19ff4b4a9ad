import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFileSystemTable } from "./file-system-table.ts";

test("parseFileSystemTable() reads entries and writes octal escapes out", () => {
  const text = "# <file system> …\n\nUUID=1-2 / ext4 rw,noatime 0 1\n\tLABEL=a\\040b\t/mnt/x\\134y\tvfat\ntoo few\n";
  assert.deepEqual(parseFileSystemTable(text), [
    { source: "UUID=1-2", mountPoint: "/", type: "ext4", options: "rw,noatime" },
    { source: "LABEL=a b", mountPoint: "/mnt/x\\y", type: "vfat", options: "defaults" },
  ]);
});

test("parseFileSystemTable() stops at 1000 entries", () => {
  assert.equal(parseFileSystemTable("a /b c d 0 0\n".repeat(100_000)).length, 1000);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import { parseDiversions } from "./diversions.ts";

test("parseDiversions() moves the files of all packages but the one that diverts", () => {
  const find = parseDiversions("/bin/sh\n/bin/sh.distrib\ndash\n/bin/vi\n/bin/vi.real\n:\n" as ByteString);
  assert.equal(find("bin/sh" as TreePath, "bash"), "bin/sh.distrib");
  assert.equal(find("bin/sh" as TreePath, "dash"), "bin/sh");
  assert.equal(find("bin/vi" as TreePath, "vim"), "bin/vi.real");
  assert.equal(find("bin/ls" as TreePath, "coreutils"), "bin/ls");
});

test("parseDiversions() passes over diversions that climb, and a list that is cut", () => {
  const find = parseDiversions("/a\n/../../etc/shadow\n:\n/b\n/c" as ByteString);
  assert.equal(find("a" as TreePath, "x"), "a");
  assert.equal(find("b" as TreePath, "x"), "b");
});

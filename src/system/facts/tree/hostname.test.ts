import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHostname } from "./hostname.ts";

test("parseHostname() takes the first line that is no comment", () => {
  assert.equal(parseHostname("# set by hand\n\n web-1.example.org \nother\n"), "web-1.example.org");
});

test("parseHostname() refuses what is no name", () => {
  for (const text of ["", "#only\n", "a b\n", "\u001b[2J\n", "-x\n", `${"a".repeat(254)}\n`])
    assert.equal(parseHostname(text), undefined);
});

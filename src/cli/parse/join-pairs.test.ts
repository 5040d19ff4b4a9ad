import assert from "node:assert/strict";
import { test } from "node:test";
import { joinPairs } from "./join-pairs.ts";

const joined = (line: string): string => joinPairs(line.split(" ")).join(" ");

test("joinPairs() makes one word of two where an option takes them, and leaves all else", () => {
  assert.equal(
    joined("--store s clone serve / -p sda desc -n --desc sdb d2 -x /tmp"),
    "--store s clone serve / -p sda=desc -n --desc sdb=d2 -x /tmp",
  );
  for (const line of [
    "clone serve -p sda=desc /",
    "clone serve / -p sda",
    "clone serve / -p sda -n",
    "clone serve -- / -p sda desc",
    "clone join -p 1 2",
  ])
    assert.equal(joined(line), line);
});

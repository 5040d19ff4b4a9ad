import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { quoteForShell } from "./shell-words.ts";

test("quoteForShell() gives a shell the words back", () => {
  const words = ["restore", "web:1", "./a b", "it's", "", "$HOME", "*", "~", "a\nb", "--name=x", "日本"];
  const echoed = execFileSync("/bin/sh", ["-c", `printf '%s\\0' ${quoteForShell(words)}`], { encoding: "utf8" });
  assert.deepEqual(echoed.split("\0").slice(0, -1), words);
});

test("quoteForShell() leaves plain words readable", () => {
  assert.equal(quoteForShell(["restore", "web:1", "./new", "--verify"]), "restore web:1 ./new --verify");
});

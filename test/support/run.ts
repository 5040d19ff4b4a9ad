import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

/** Runs a program and returns what it printed; what it complained of is part of the failure when it fails. */
export function run(program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(status, 0, `${program} ${words.join(" ")}: ${error?.message ?? ""}${stderr}${stdout}`);
  return stdout;
}

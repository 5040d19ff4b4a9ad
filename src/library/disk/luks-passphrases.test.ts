import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { encrypted, grouped } from "../../../test/support/stack-layouts.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { UsageError } from "../../core/errors.ts";
import { readLayout } from "../../system/disk/layout/yaml/read-layout.ts";
import type { DiskPlan } from "../../system/disk/plan/disk-plan.ts";
import { choosePassphraseFiles, readPassphrases } from "./luks-passphrases.ts";
import { planLayout } from "./plan-layout.ts";

const plan = (text: string): DiskPlan => planLayout(readLayout(text, "layout.yaml"));

test("choosePassphraseFiles() gives each LUKS its file, and keeps no passphrase", (context) => {
  const directory = temporaryDirectory(context);
  const [all, swap] = ["all", "swap=1"].map((name) => join(directory, name)) as [string, string];
  writeFileSync(all, "secret of all\n");
  writeFileSync(swap, "secret of swap");
  const chosen = choosePassphraseFiles(plan(encrypted), [all, `crypt-swap=${swap}`]);
  assert.deepEqual(chosen, { "crypt-root": all, "crypt-swap": swap });
  const passphraseOf = readPassphrases([`crypt-swap=${swap}`, all]);
  assert.deepEqual(["crypt-swap", "crypt-root"].map(passphraseOf), ["secret of swap", "secret of all"]);
  assert.equal(readPassphrases([])("crypt-root"), undefined);
});

test("choosePassphraseFiles() refuses what is missing, too much, or no passphrase", (context) => {
  const directory = temporaryDirectory(context);
  const [good, empty, pipe] = ["good", "empty", "pipe"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(good, "secret\n");
  writeFileSync(empty, "\nsecret\n");
  assert.equal(spawnSync("mkfifo", [pipe]).status, 0);
  const refused: readonly (readonly [string, readonly string[], RegExp])[] = [
    [encrypted, [], /the LUKS "crypt-swap": no file/],
    [encrypted, [`crypt-swap=${good}`], /the LUKS "crypt-root": no file/],
    [encrypted, [good, good], /there is one for all already/],
    [encrypted, [`crypt-swap=${good}`, `crypt-swap=${good}`], /"crypt-swap" has one already/],
    [encrypted, [empty], /its first line is no passphrase/],
    [encrypted, [pipe], /no regular file/],
    [encrypted, [join(directory, "none")], /ENOENT/],
    [grouped, [good], /the layout has no LUKS/],
  ];
  for (const [layout, given, pattern] of refused)
    assert.throws(
      () => choosePassphraseFiles(plan(layout), given),
      (error: unknown) =>
        error instanceof UsageError && pattern.test(error.message) && !error.message.includes("secret"),
      String(pattern),
    );
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { documentDirectory, generateDocuments } from "./generate.ts";
import { renderManPages } from "./render-man-pages.ts";

test("docs/reference and docs/man are what generate.ts makes of the definition", () => {
  const files = generateDocuments();
  for (const [path, text] of files)
    assert.equal(
      readFileSync(join(documentDirectory, path), "utf8"),
      text,
      `run: node src/cli/reference/generate.ts (${path})`,
    );
  const there = ["reference/schemas", "man"].flatMap((folder) =>
    readdirSync(join(documentDirectory, folder)).map((file) => `${folder}/${file}`),
  );
  assert.deepEqual(
    there.filter((path) => !files.has(path)),
    [],
  );
});

test("man pages are formatted without a warning, and say what the definition says", () => {
  const words = ["--warnings=all", "--encoding=UTF-8", "--local-file"];
  for (const file of renderManPages().keys()) {
    const path = join(documentDirectory, "man", file);
    const environment = { ...process.env, MANWIDTH: "80", MAN_KEEP_FORMATTING: "", LC_ALL: "C.UTF-8" };
    const { status, stdout, stderr } = spawnSync("man", [...words, path], { encoding: "utf8", env: environment });
    assert.deepEqual([status, stderr], [0, ""], file);
    assert.match(stdout, /^NAME\n +rehome/m, file);
    assert.match(stdout, /^OPTIONS OF EVERY COMMAND\n +--store PATH\n/m, file);
    assert.doesNotMatch(stdout, /\\[fe(&-]|\t/, `${file}: nothing of roff is left`);
    for (const line of stdout.split("\n")) assert.ok(line.length <= 80, `${file}: ${line}`);
  }
});

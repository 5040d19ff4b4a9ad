import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { exitStatus } from "../../src/core/exit-status.ts";
import { commandNames, commands } from "../../src/cli/definition/index.ts";
import { assertDocument, schemaNames } from "./documents.ts";
import { sandbox } from "./run-rehome.ts";

const packageVersion = (
  JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as { version: string }
).version;

test("rehome --version prints the version of the package", (context) => {
  const { run } = sandbox(context);
  for (const word of ["--version", "-V"])
    assert.deepEqual(run(word), { status: 0, stdout: `rehome ${packageVersion}\n`, stderr: "" });
});

test("--help of every command shows its usage, its options and its examples", (context) => {
  const { run } = sandbox(context);
  for (const name of commandNames) {
    const { status, stdout, stderr } = run(...name.split(" "), "--help");
    assert.deepEqual([status, stderr], [0, ""], name);
    assert.ok(stdout.startsWith(`Usage: rehome ${name}`), stdout);
    for (const { line } of commands[name].examples) assert.ok(stdout.includes(`rehome ${line}`), `${name}: ${line}`);
    assert.equal(Math.max(...stdout.split("\n").map((line) => line.length)) <= 100, true, name);
  }
});

test("help is refused as a command line where no command was named", (context) => {
  const { run } = sandbox(context);
  for (const words of [[], ["store"]]) {
    const { status, stdout, stderr } = run(...words);
    assert.deepEqual([status, stdout], [exitStatus.usage, ""]);
    assert.match(stderr, /^Usage: rehome /);
  }
});

test("rehome help shows help about commands, groups and exit statuses", (context) => {
  const { run, document } = sandbox(context);
  assert.equal(run("help", "restore").stdout, run("restore", "--help").stdout);
  assert.match(run("help", "store").stdout, /store check/);
  assert.match(run("help").stdout, /^Usage: rehome COMMAND/);
  for (const number of Object.values(exitStatus))
    assert.match(run("help", "exit-status").stdout, new RegExp(`^ *${number} `, "m"));
  assertDocument("help-exit-status", document("help", "exit-status").document);
  assertDocument("help", document("help", "rm").document);
  assert.equal(run("help", "nothing").status, exitStatus.usage);
});

test("a command line that is wrong ends with 2 and says what is near", (context) => {
  const { run, document } = sandbox(context);
  const lines = [
    ["captrue", "/"],
    ["capture"],
    ["capture", "--nmae", "x", "/"],
    ["capture", "/", "--rate", "fast"],
    ["ls", "UPPER"],
    ["restore", "web", "x", "--delete"],
  ];
  for (const words of lines) {
    const { status, stdout, stderr } = run(...words);
    assert.deepEqual([status, stdout], [exitStatus.usage, ""], stderr);
    assert.match(stderr, /^rehome: cannot .* \[USAGE\]\n.+\n$/);
    const answer = document(...words);
    assert.equal(answer.status, exitStatus.usage);
    assertDocument("error", answer.document);
  }
  assert.match(run("captrue").stderr, /Did you mean capture\?/);
});

test("every command that prints a document has a schema for it", () => {
  for (const name of commandNames)
    if (commands[name].json !== false)
      assert.ok(schemaNames.includes((commands[name].documentOf ?? name).replaceAll(" ", "-")), name);
});

test("rehome completion prints scripts that ask the program", (context) => {
  const { run, document } = sandbox(context);
  for (const shell of ["bash", "zsh", "fish"]) assert.match(run("completion", shell).stdout, / __complete /);
  assertDocument("completion", document("completion", "bash").document);
  assert.match(run("__complete", "sto").stdout, /^store\t.*\n:nothing\n$/);
  assert.equal(run("__complete", "show", "").stdout, ":nothing\n");
});

test("rehome doctor says what this host can do", (context) => {
  const { run, document } = sandbox(context);
  const { status, stdout } = run("doctor");
  assert.equal(status, 0);
  assert.match(stdout, /^CAPABILITY /);
  assertDocument("doctor", document("doctor").document);
});

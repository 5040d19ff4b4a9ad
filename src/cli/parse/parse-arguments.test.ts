import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../core/errors.ts";
import type { OptionValues } from "../../library/settings/configuration.ts";
import { commandNames, commands, optionsOf } from "../definition/index.ts";
import { parseArguments } from "./parse-arguments.ts";

function call(line: string): Record<string, unknown> {
  const request = parseArguments(line.split(" "));
  assert.equal(request.kind, "run");
  return { ...request.call, ...request.common };
}

function complaint(line: string): string {
  try {
    parseArguments(line.split(" "));
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return `${error.message}. ${error.remedy}`;
  }
  return assert.fail(`"${line}" was accepted`);
}

test("parseArguments() reads options of every kind", () => {
  const given = call(
    "capture / --exclude a --exclude b --no-default-excludes --rate 5M --level 3 --check-packages all -n",
  );
  assert.deepEqual(given["exclude"], ["a", "b"]);
  assert.deepEqual(
    [given["noDefaultExcludes"], given["rate"], given["level"], given["dryRun"]],
    [true, 5 * 2 ** 20, 3, true],
  );
  assert.deepEqual([given["checkPackages"], given["name"], given["rehash"]], ["all", undefined, false]);
});

test("parseArguments() takes the options of all commands before and after the command", () => {
  const given = call("--store x store --json check -q -vv --progress plain");
  assert.deepEqual(
    [given["store"], given["json"], given["quiet"], given["verbose"], given["progress"]],
    ["x", true, true, 2, "plain"],
  );
});

test("parseArguments() reads joined letters, and operands after --", () => {
  const given = call("ls web -lRq");
  assert.deepEqual([given["long"], given["recursive"], given["quiet"]], [true, true, true]);
  assert.equal(call("ls -- -x")["image"], "-x");
  assert.deepEqual(call("rm a:1 b:2")["image"], ["a:1", "b:2"]);
});

test("parseArguments() answers help before values that cannot be read", () => {
  assert.deepEqual(parseArguments(["capture", "/", "--level", "99", "--help"]), {
    kind: "help",
    topic: "capture",
    wasAsked: true,
  });
  assert.deepEqual(parseArguments(["store", "-h"]), { kind: "help", topic: "store", wasAsked: true });
  assert.deepEqual(parseArguments(["store"]), { kind: "help", topic: "store", wasAsked: false });
  assert.deepEqual(parseArguments([]), { kind: "help", topic: "", wasAsked: false });
  assert.deepEqual(parseArguments(["-q", "--version"]), { kind: "version" });
});

test("parseArguments() says what is wrong and what is near", () => {
  assert.equal(
    complaint("captrue /"),
    'cannot run "captrue": there is no such command. Did you mean capture? See `rehome --help`.',
  );
  assert.equal(
    complaint("store chek"),
    'cannot run "chek": there is no such command. Did you mean check? See `rehome store --help`.',
  );
  assert.equal(
    complaint("capture / --nmae x"),
    "cannot use --nmae: rehome capture has no such option. Did you mean --name? See `rehome capture --help`.",
  );
  assert.equal(complaint("tag web"), "cannot run rehome tag: TAG is missing. See `rehome tag --help`.");
  assert.equal(
    complaint("capture / --name"),
    "cannot use --name <NAME>: its value is missing. See `rehome capture --help`.",
  );
  assert.equal(
    complaint("tag a b c"),
    "cannot run rehome tag: there are more operands than it takes. See `rehome tag --help`.",
  );
  assert.equal(
    complaint("clone serve / -n 24"),
    "cannot run rehome clone serve: there are more operands than it takes. -n is the dry run; give the number as --nodes N.",
  );
  assert.match(complaint("cat --json web x"), /^cannot use --json: rehome cat has no such option/);
  assert.equal(
    complaint("restore web "),
    "cannot use an empty text as DIR. Look whether a variable that should be set is not.",
  );
  assert.match(complaint("capture / --name "), /^cannot use an empty text as NAME\./);
  assert.match(complaint("completion ksh"), /^cannot use "ksh" as SHELL\. Give one of bash, zsh, fish\./);
});

test("parseArguments() takes from the configuration what was not given, by the option's own rules", () => {
  const serve = (line: string, values: OptionValues): Record<string, unknown> => {
    const request = parseArguments(line.split(" "), (key) => (key === "clone-serve" ? values : {}));
    return request.kind === "run" ? { ...request.call } : assert.fail(request.kind);
  };
  const values = { nodes: 24, session: "lab1", "max-wait": "5m", "allow-exec": true, exclude: ["a", "b|c"] };
  const given = serve("clone serve web --nodes 3", { ...values, "no-discovery": false });
  assert.deepEqual([given["nodes"], given["session"], given["maxWait"]], [3, "lab1", 300_000]);
  assert.deepEqual([given["allowExec"], given["noDiscovery"], given["exclude"]], [true, false, ["a", "b|c"]]);
  for (const wrong of [{ node: 3 }, { nodes: "x" }, { nodes: [1, 2] }, { "allow-exec": "yes" }, { session: true }])
    assert.throws(() => serve("clone serve web", wrong), UsageError, JSON.stringify(wrong));
});

test("every option of clone serve and clone join is a key of the configuration", () => {
  for (const [name, line] of [
    ["clone serve", "clone serve web"],
    ["clone join", "clone join"],
  ] as const)
    for (const { key, long, field } of optionsOf(commands[name].fields)) {
      const one = field.valueName === "TIME" ? "5s" : typeof field.completes === "string" ? "5" : field.completes[0];
      const value = field.valueName === undefined ? true : (one ?? "");
      const request = parseArguments(line.split(" "), () => ({ [long.slice(2)]: value }));
      assert.ok(request.kind === "run" && (request.call as Record<string, unknown>)[key] !== undefined, long);
    }
});

test("every example in the definition can be parsed as its command", () => {
  for (const name of commandNames)
    for (const { line } of commands[name].examples) {
      const words = line
        .replace(/ [>|] .*/, "")
        .replaceAll("'", "")
        .split(" ");
      const request = parseArguments(words);
      assert.ok(request.kind === "run" && request.name === name, line);
    }
});

test("every command has a summary, an example, and options whose summaries fit into a sentence", () => {
  for (const name of commandNames) {
    const { summary, examples, fields } = commands[name];
    assert.match(summary, /^[A-Z].*[^.]$/, name);
    assert.ok(examples.length > 0, name);
    for (const field of Object.values(fields)) assert.match(field.summary, /[^.]$/, `${name}: ${field.summary}`);
  }
});

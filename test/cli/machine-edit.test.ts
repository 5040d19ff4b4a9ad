import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { quoteForShell } from "../../src/cli/render/shell-words.ts";
import { makeMachine, makeSite, put, type Site } from "../support/two-sites.ts";
import { program, type Ended } from "./run-rehome.ts";

interface Editing extends Site {
  /** Creates the machine, with an editor that is this script; `$2` is the file. */
  readonly create: (script: string, ...words: readonly string[]) => Ended;
  /** The same on a terminal, on which `answers` are typed. */
  readonly createOnTerminal: (script: string, answers: string) => Ended;
}

/** A host at which a machine's files have arrived. */
function makeEditing(context: TestContext): Editing {
  const [host1, site] = [makeSite(context), makeSite(context)];
  makeMachine(host1, "web1");
  assert.equal(host1.run("machine", "detach", "web1").status, 0);
  const editor = join(site.directory, "editor");
  const environment = { ...site.environment, VISUAL: `${editor} --wait`, TMPDIR: site.directory };
  const create = [...program, "machine", "create", "web1", "--from", host1.machine("web1"), "--edit"];
  const run = (script: string, [name = "", ...words]: readonly string[], input = ""): Ended => {
    put(editor, `#!/bin/sh\n${script}\n`);
    chmodSync(editor, 0o755);
    const { status, stdout, stderr } = spawnSync(name, words, {
      cwd: site.directory,
      env: environment,
      encoding: "utf8",
      input,
    });
    return { status, stdout, stderr };
  };
  return {
    ...site,
    create: (script, ...words) => run(script, [...create, ...words]),
    createOnTerminal: (script, answers) =>
      run(script, ["script", "-qec", create.map((word) => quoteForShell([word])).join(" "), "/dev/null"], answers),
  };
}

test("settings are edited before they are written", (context) => {
  const site = makeEditing(context);
  const { status, stderr } = site.create(
    'echo "$1 $(basename "$2")" > seen; printf "[Network]\\nBridge=br7\\n" >> "$2"',
  );
  assert.equal(status, 0, stderr);
  const text = readFileSync(site.settingsFile("web1"), "utf8");
  assert.match(text, /^\[Exec\]\nBoot=yes\nPrivateUsers=pick\n\n\[Network\]\nBridge=br7\n$/);
  assert.deepEqual(
    readdirSync(site.directory).filter((name) => name.startsWith("rehome-edit-")),
    [],
  );
});

test("edited settings that are not permitted, or are none, are not written", (context) => {
  const site = makeEditing(context);
  const refused = site.create('echo "[Files]\nBind=/srv" >> "$2"');
  assert.equal(refused.status, 3, refused.stderr);
  assert.match(refused.stdout, /Bind=\/srv is not permitted/);
  const unreadable = site.create('echo nonsense >> "$2"');
  assert.equal(unreadable.status, 2);
  assert.match(unreadable.stderr, /line \d+: it is no assignment/);
  assert.equal(site.create("exit 1").status, 1);
  assert.equal(existsSync(site.settingsFile("web1")), false);
  assert.equal(site.create('echo "[Files]\nBind=/srv" >> "$2"', "--allow", "Bind").status, 0);
});

test("on a terminal the editor is opened again, until the settings are accepted or given up", (context) => {
  const site = makeEditing(context);
  // The first time it writes nonsense, the second time it takes that away again.
  const script = 'if grep -q nonsense "$2"; then sed -i /nonsense/d "$2"; else echo nonsense >> "$2"; fi';
  const givenUp = site.createOnTerminal(script, "n\n");
  assert.equal(givenUp.status, 2, givenUp.stdout);
  assert.match(givenUp.stdout, /it is no assignment[^]*edit again\?/);
  assert.equal(existsSync(site.settingsFile("web1")), false);
  const accepted = site.createOnTerminal(script, "y\n");
  assert.equal(accepted.status, 0, accepted.stdout);
  assert.match(readFileSync(site.settingsFile("web1"), "utf8"), /^\[Exec\]\nBoot=yes\nPrivateUsers=pick\n$/);
});

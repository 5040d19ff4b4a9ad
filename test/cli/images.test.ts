import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { quoteForShell } from "../../src/cli/render/shell-words.ts";
import { assertDocument } from "./documents.ts";
import { program, sandbox } from "./run-rehome.ts";
import { makeSmallTree, oddContent, treeBytes } from "./small-tree.ts";

test("capture, images, show, ls, cat, tag and rm, as people use them", (context) => {
  const { directory, run } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));

  const captured = run("capture", "./rootfs", "--name", "web", "--progress", "none");
  assert.deepEqual([captured.status, captured.stderr], [0, ""]);
  assert.match(
    captured.stdout,
    /^web:1 @[0-9a-f]{12}\n9 entries, 5 files, 293 KiB\n.* new, .* stored, in .*\nconsistency fuzzy/,
  );
  assert.match(run("capture", "./rootfs", "--name", "web").stdout, /^web:2 @/);

  const images = run("images").stdout.split("\n");
  assert.match(images[0] ?? "", /^NAME +TAG +ID +CAPTURED /);
  assert.match(images[1] ?? "", /^web +1 +@[0-9a-f]{12} +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +directory +fuzzy +5 /);
  assert.equal(images.length, 4);

  assert.match(
    run("show", "web").stdout,
    /^web:2\n +id +[0-9a-f]{64}\n +kind +directory\n +system +Test .*GNU\/Linux\n/,
  );
  assert.equal(run("ls", "web").stdout, "blob\netc\n");
  assert.equal(run("ls", "web", "/etc/").stdout, "\\x1b[2J\ncaf\\xe9\nhosts\nlink\nos-release\nsecond\n");
  assert.match(
    run("ls", "web", "etc", "-l").stdout,
    /^-rw-r----- .* 20 .* hosts\nl.* link -> hosts\n.*\nh--------- .* second -> etc\/hosts$/m,
  );
  assert.match(run("ls", "web", "-R").stdout, /^\.\nblob\netc\netc\/\\x1b\[2J\n/);
  assert.equal(run("ls", "web", "blob").stdout, "blob\n");
  assert.equal(run("cat", "web:1", "/etc/hosts", "etc/second").stdout, "127.0.0.1 localhost\n".repeat(2));

  assert.match(run("tag", "web:1", "golden").stdout, /^web:golden @/);
  assert.equal(run("tag", "web:2", "golden").status, 3);
  assert.equal(run("tag", "web:2", "golden", "-n").status, 3);
  assert.equal(run("tag", "web:2", "7", "-n").status, 2, "numbers are given by capture");
  assert.match(run("tag", "web:2", "silver", "-n").stdout, /^would tag web:silver @/);
  assert.equal(run("show", "web:silver").status, 2, "nothing was tagged");
  assert.equal(run("rm", "web").status, 2);
  assert.match(
    run("rm", "web:golden", "web:1", "-n").stdout,
    /^would remove web:golden @.*\nwould remove web:1 @.*\n$/,
  );
  assert.equal(run("rm", "web:1", "web:9").status, 2, "nothing is removed when one is not there");
  assert.match(run("rm", "web:golden", "web:1", "web:1").stdout, /^removed web:golden @.*\nremoved web:1 @.*\n$/);
  assert.equal(run("images", "web").stdout.split("\n").length, 3);
});

test("documents of capture, images, show, ls, tag and rm are what their schemas say", (context) => {
  const { directory, document } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  const validate = (schema: string, ...words: string[]): unknown => {
    const answer = document(...words);
    assert.equal(answer.status, 0, words.join(" "));
    assertDocument(schema, answer.document);
    return answer.document;
  };
  validate("capture-plan", "capture", "./rootfs", "-n");
  validate("capture-plan", "capture", "/", "-n");
  validate("capture-plan", "capture", "./rootfs", "-n", "--redact");
  const captured = validate("capture", "capture", "./rootfs", "--name", "web") as Record<string, unknown>;
  assert.deepEqual(
    [captured["name"], captured["tag"], captured["files"], captured["bytes"], captured["unchangedFiles"]],
    ["web", "1", 5, treeBytes, 0],
  );
  const { images } = validate("images", "images") as { images: { id: string }[] };
  assert.equal(images[0]?.id, captured["id"]);
  validate("show", "show", "web");
  validate("show", "show", "web", "--packages", "--licenses");
  validate("show", "show", "web", "--secrets");
  const { entries } = validate("ls", "ls", "web", "-R") as { entries: { path: string }[] };
  assert.equal(entries.length, 9);
  assert.ok(entries.some(({ path }) => path === String.raw`etc/caf\xe9`));
  validate("tag", "tag", "web", "one", "-n");
  validate("tag", "tag", "web", "one");
  validate("rm", "rm", "web:one", "-n");
  validate("rm", "rm", `@${String(captured["id"]).slice(0, 10)}`);
});

test("a name that is not UTF-8 can be given as it is shown, or as its bytes", (context) => {
  const { directory, environment, run } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  run("capture", "./rootfs", "--name", "web");
  assert.equal(run("cat", "web", String.raw`etc/caf\xe9`).stdout, oddContent);
  const shell = (words: string) =>
    spawnSync("bash", ["-c", `${quoteForShell(program)} ${words}`], {
      cwd: directory,
      env: environment,
      encoding: "utf8",
    });
  assert.equal(shell("cat web $'etc/caf\\xe9'").stdout, oddContent);
  const refused = shell("capture $'./caf\\xe9'");
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /^rehome: cannot use "\.\/caf\\xe9": it is not UTF-8 \[USAGE\]\n/);
});

test("capture leaves out what patterns on the command line and in files match", (context) => {
  const { directory, run } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  writeFileSync(join(directory, "patterns"), "# remarks are passed over\n\netc/os-*\n*.db\n");
  run("capture", "./rootfs", "--name", "web", "--exclude-from", "patterns", "--exclude", "blob");
  assert.equal(run("ls", "web", "-R").stdout, ".\netc\netc/\\x1b[2J\netc/caf\\xe9\netc/hosts\netc/link\netc/second\n");
});

test("what is not there is named, with the status for it", (context) => {
  const { run, document } = sandbox(context);
  const cases = [
    [["capture", "./nothing"], "SYSTEM_NOT_FOUND"],
    [["images"], "STORE_NOT_FOUND"],
    [["show", "web", "--store", "./nothing"], "STORE_NOT_FOUND"],
  ] as const;
  for (const [words, code] of cases) {
    const { status, stderr } = run(...words);
    assert.equal(status, 2);
    assert.match(stderr, new RegExp(`^rehome: cannot .* \\[${code}\\]\\n`));
    assertDocument("error", document(...words).document);
  }
});

test("forget keeps what the rules and tags keep, says why, and -n changes nothing", (context) => {
  const { directory, run, document } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  for (let count = 0; count < 3; count++) run("capture", "./rootfs", "--name", "web");
  run("tag", "web:1", "golden");
  const dry = run("forget", "web:*", "--keep-last", "1", "-n");
  assert.match(dry.stdout, /web:3 .* last\nweb:2 .* would go\nweb:1 web:golden .* tag golden\n$/);
  assert.match(run("images").stdout, /web +2 /);
  const answer = document("forget", "web", "--keep-last", "1");
  assertDocument("forget", answer.document);
  assert.doesNotMatch(run("images").stdout, /web +2 /);
  assert.match(run("images").stdout, /web +3 [^]*web +golden /);
  assert.equal(run("forget", "web").status, 2);
  assert.equal(run("forget", "nothing:*", "--keep-last", "1").status, 2);
});

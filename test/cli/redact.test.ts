import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { assertDocument } from "./documents.ts";
import { sandbox, type Sandbox } from "./run-rehome.ts";

const shadow = "root:$y$j9T$saltsaltsaltsalt$Wq0123456789abcdefghijklmnopqrstuvwxyz01234:19000:0:99999:7:::\n";
const token = `TOKEN=ghp_${"aB3dE6gH9jK2".repeat(3)}\n`;

function ground(context: TestContext): Sandbox {
  const place = sandbox(context);
  const tree = join(place.directory, "rootfs");
  mkdirSync(join(tree, "etc"), { recursive: true });
  mkdirSync(join(tree, "srv"));
  writeFileSync(join(tree, "etc/shadow"), shadow);
  writeFileSync(join(tree, "etc/hosts"), "127.0.0.1 localhost\n");
  writeFileSync(join(tree, "srv/\u001b[2J.env"), token);
  return place;
}

const listed = String.raw`KIND             PATH
password hashes  /etc/shadow
token            /srv/\x1b[2J.env
`;

test("capture --redact, and what is said of the image", (context) => {
  const { directory, run } = ground(context);
  assert.match(
    run("capture", "./rootfs", "--redact", "-n").stdout,
    /^1 file left empty for where they lie, .*:\n {2}\/etc\/shadow \(password hashes\)\n\d steps:$/m,
  );
  const captured = run("capture", "./rootfs", "--redact", "--name", "web");
  assert.match(captured.stdout, /^2 files with secrets left empty \(`rehome show web:1 --secrets` lists them\)$/m);
  const shown = run("show", "web", "--secrets");
  assert.deepEqual([shown.stdout, shown.stderr], [listed, "their contents are not in the image\n"]);
  assert.match(run("show", "web").stdout, /^ +secrets +2 files with secrets left empty/m);

  assert.match(run("restore", "web", "./new", "-n").stdout, /^would find no content .*:\n {2}\/etc\/shadow \(pass/m);
  const restored = run("restore", "web", "./new", "--verify");
  assert.equal(restored.status, 0, "nothing was lost that the image had");
  assert.match(
    restored.stderr,
    /^rehome: warning: \/etc\/shadow \(password hashes\): the image does not have its content$/m,
  );
  assert.equal(readFileSync(join(directory, "new/etc/shadow"), "utf8"), "");

  for (const words of [
    ["diff", "web", "./rootfs"],
    ["diff", "./rootfs", "web"],
    ["verify", "web", "--against", "./rootfs"],
  ]) {
    const { status, stderr } = run(...words);
    assert.equal(status, 0, words.join(" "));
    assert.match(stderr, /^not compared: the contents of 2 files that were left out at the capture$/m);
  }
  const refused = run("cat", "web", "/etc/shadow");
  assert.deepEqual([refused.status, refused.stdout], [2, ""]);
  assert.match(refused.stderr, /its content was left out when the image was captured \[USAGE\]/);
});

test("a capture without --redact says which secrets go along", (context) => {
  const { run } = ground(context);
  const captured = run("capture", "./rootfs", "--name", "web");
  assert.match(captured.stdout, /^1 file with secrets in the image \(`rehome show web:1 --secrets` lists them\)$/m);
  assert.equal(run("show", "web", "--secrets").stderr, "their contents are in the image\n");
  assert.equal(run("cat", "web", "/etc/shadow").stdout, shadow);
  assert.equal(
    run("show", "web", "--secrets", "--packages").stdout,
    "KIND             PATH\npassword hashes  /etc/shadow\n",
  );
});

test("documents about what was left out are what their schemas say", (context) => {
  const { document } = ground(context);
  const validate = (schema: string, ...words: string[]): Record<string, unknown> => {
    const answer = document(...words);
    assert.equal(answer.status, 0, words.join(" "));
    assertDocument(schema, answer.document);
    return answer.document as Record<string, unknown>;
  };
  const files = [
    { path: "etc/shadow", kind: "password-hashes" },
    { path: String.raw`srv/\x1b[2J.env`, kind: "token" },
  ];
  assert.deepEqual(validate("capture-plan", "capture", "./rootfs", "-n", "--redact")["secrets"], files.slice(0, 1));
  const captured = validate("capture", "capture", "./rootfs", "--name", "web", "--redact");
  assert.deepEqual(captured["secrets"], { contents: "left-out", count: 2 });
  const shown = validate("show", "show", "web", "--secrets");
  assert.deepEqual(shown["secrets"], { contents: "left-out", count: 2, files });
  validate("show", "show", "web");
  assert.deepEqual(validate("restore-plan", "restore", "web", "./new", "-n")["leftOut"], files);
  assert.deepEqual(validate("restore", "restore", "web", "./new")["leftOut"], files);
  assert.equal(validate("diff", "diff", "web", "./rootfs")["notCompared"], 2);
  const verified = validate("verify", "verify", "web", "--against", "./rootfs");
  assert.equal((verified["against"] as { notCompared: number }).notCompared, 2);
});

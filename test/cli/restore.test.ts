import assert from "node:assert/strict";
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { assertDocument } from "./documents.ts";
import { sandbox, type Sandbox } from "./run-rehome.ts";
import { makeSmallTree } from "./small-tree.ts";

function captured(context: TestContext): Sandbox {
  const place = sandbox(context);
  makeSmallTree(join(place.directory, "rootfs"));
  assert.equal(place.run("capture", "./rootfs", "--name", "web").status, 0);
  return place;
}

test("restore, verify and diff, as people use them", (context) => {
  const { directory, run } = captured(context);
  assert.match(
    run("restore", "web", "./new", "-n").stdout,
    /^would restore web to .*\/new, beside it first.*\n\d steps:\n/,
  );
  const restored = run("restore", "web", "./new", "--verify");
  assert.equal(restored.status, 0, restored.stderr);
  assert.match(
    restored.stdout,
    /^web:1 @[0-9a-f]{12} is in .*\/new\n9 entries, 5 files, 293 KiB, in .*\nverified: nothing differs/,
  );
  assert.match(run("verify", "web").stdout, /^web:1 @[0-9a-f]{12}: 9 entries, .* read: everything is intact\n$/);
  assert.equal(run("verify", "web", "--against", "./new").status, 0);
  const same = run("diff", "web", "./new");
  assert.deepEqual([same.status, same.stdout, same.stderr], [0, "", "nothing differs\n"]);

  const refused = run("restore", "web", "./new");
  assert.equal(refused.status, 3);
  assert.match(
    refused.stderr,
    /^rehome: cannot restore into ".*": it is not empty \[TARGET_UNSUITABLE\]\n.*--into-existing/,
  );

  appendFileSync(join(directory, "new/etc/os-release"), "changed\n");
  rmSync(join(directory, "new/blob"));
  writeFileSync(join(directory, "new/extra"), "");
  const differs = run("diff", "web", "./new");
  assert.equal(differs.status, 4);
  assert.match(differs.stdout, /^M \. \(mtime\)\n- blob\nM etc\/os-release \(content, mtime\)\n\+ extra\n$/);
  assert.equal(differs.stderr, "1 added, 1 removed, 2 changed\n");
  assert.match(run("diff", "./new", "web").stdout, /^\+ blob$/m);
  assert.equal(run("verify", "web", "--against", "./new").status, 4);

  assert.match(
    run("restore", "web", "./new", "--into-existing", "--delete", "-n").stdout,
    /^would change 4 entries of the directory:\n/m,
  );
  const converged = run("restore", "web", "./new", "--into-existing", "--delete", "--verify");
  assert.equal(converged.status, 0, converged.stderr);
  assert.match(converged.stdout, /what was there before is web-before-restore:1 @/);
  assert.equal(run("diff", "web", "./new").status, 0);
});

test("restore writes one path of an image", (context) => {
  const { directory, run } = captured(context);
  assert.equal(run("restore", "web", "./part", "--path", "etc/hosts").status, 0);
  assert.equal(readFileSync(join(directory, "part/etc/hosts"), "utf8"), "127.0.0.1 localhost\n");
});

test("documents of restore, verify and diff are what their schemas say", (context) => {
  const { directory, document } = captured(context);
  const validate = (schema: string, status: number, ...words: string[]): void => {
    const answer = document(...words);
    assertDocument(schema, answer.document);
    assert.equal(answer.status, status, words.join(" "));
  };
  validate("restore-plan", 0, "restore", "web", "./new", "-n");
  validate("restore", 0, "restore", "web", "./new", "--verify");
  validate("error", 3, "restore", "web", "./new");
  validate("diff", 0, "diff", "web", "./new");
  validate("diff", 0, "diff", "web", "web:1");
  appendFileSync(join(directory, "new/etc/os-release"), "changed\n");
  validate("diff", 4, "diff", "web", "./new");
  validate("verify", 0, "verify", "web");
  validate("verify", 4, "verify", "web", "--against", "./new");
  validate("restore-plan", 0, "restore", "web", "./new", "--into-existing", "-n");
  validate("restore", 0, "restore", "web", "./new", "--into-existing");
  validate("error", 2, "diff", "./new", "./rootfs");
});

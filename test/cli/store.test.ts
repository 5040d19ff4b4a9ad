import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertDocument } from "./documents.ts";
import { sandbox } from "./run-rehome.ts";
import { makeSmallTree } from "./small-tree.ts";

test("store init, check, stats and prune, as people use them", (context) => {
  const { directory, run } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  const store = ["--store", "./images"];
  assert.match(run("store", "init", "-n", ...store).stdout, /^would make a store in .*\/images\n$/);
  assert.match(run("store", "init", ...store).stdout, /^made a store in .*\/images, id [0-9a-f]{32}\n$/);
  assert.match(run("store", "init", ...store).stdout, /is a store already, id /);
  const nothing = run("images", ...store);
  assert.deepEqual([nothing.status, nothing.stdout, nothing.stderr], [0, "", "the store holds no images\n"]);
  for (const flags of [[], ["-n"]]) assert.equal(run("store", "init", "--store", "./rootfs", ...flags).status, 3);

  run("capture", "./rootfs", "--name", "web", ...store);
  assert.match(run("store", "check", ...store).stdout, /^\d objects, .* read: everything is intact\n$/);
  assert.match(run("store", "stats", ...store).stdout, /^\/.*\n +id +[0-9a-f]{32}\n +images +1, with 1 name\n/);
  run("rm", "web:1", ...store);
  assert.match(run("store", "prune", "-n", ...store).stdout, /^would remove 1 image and \d pack/);
  assert.match(run("store", "prune", ...store).stdout, /^removed 1 image and \d pack/);
});

test("store check names what is damaged and the images it hurts, and --repair makes the best of it", (context) => {
  const { directory, run, document } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  run("capture", "./rootfs", "--name", "web");
  const pack = globSync(join(directory, "state/store/packs/**/*")).find((path) => /[0-9a-f]{32}$/.test(path));
  assert.ok(pack !== undefined);
  const bytes = readFileSync(pack);
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  writeFileSync(pack, bytes);

  const found = run("store", "check");
  assert.equal(found.status, 4);
  assert.match(found.stdout, /packs\/[0-9a-f/]+.*: .*\n +hurts web:1\n[^]* damaged or missing, 1 image hurt\n$/);
  const answer = document("store", "check");
  assert.equal(answer.status, 4);
  assertDocument("store-check", answer.document);
  assert.equal(run("verify", "web").status, 4);
  assertDocument("verify", document("verify", "web").document);
  assert.equal(run("store", "check", "--repair", "-n").status, 4);
  const repaired = run("store", "check", "--repair");
  assert.equal(repaired.status, 4);
  assert.match(repaired.stdout, /^removed packs\/.*were kept\n/);
  run("capture", "./rootfs", "--name", "web");
  assertDocument("store-check", document("store", "check", "--repair").document);
  assert.equal(run("store", "check").status, 0);
});

test("documents of the store commands are what their schemas say", (context) => {
  const { directory, document } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  for (const [schema, words] of [
    ["store-init", ["store", "init", "-n"]],
    ["store-init", ["store", "init"]],
    ["capture", ["capture", "./rootfs"]],
    ["store-check", ["store", "check"]],
    ["store-stats", ["store", "stats"]],
    ["store-prune", ["store", "prune", "-n"]],
    ["store-prune", ["store", "prune"]],
  ] as const) {
    const answer = document(...words);
    assert.equal(answer.status, 0, words.join(" "));
    assertDocument(schema, answer.document);
  }
});

test("store copy takes what is missing, between plain and encrypted stores, and reads it back", (context) => {
  const { directory, run, document } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  writeFileSync(join(directory, "one.key"), "0123456789abcdef0123456789abcdef");
  run("capture", "./rootfs", "--name", "web", "--store", "./a");
  writeFileSync(join(directory, "rootfs/more"), "more");
  run("capture", "./rootfs", "--name", "web", "--store", "./a");
  run("capture", "./rootfs", "--name", "db", "--store", "./a");
  run("store", "init", "./b", "--encrypt", "--key-file", "one.key");
  const first = document("store", "copy", "./a", "./b", "--images", "web:1", "--key-file", "one.key");
  assertDocument("store-copy", first.document);
  const rest = document("store", "copy", "./a", "./b", "--images", "web", "--key-file", "one.key");
  const { copied, present, copiedBytes } = rest.document as {
    copied: object[];
    present: object[];
    copiedBytes: number;
  };
  assert.deepEqual([copied.length, present.length], [1, 1]);
  assert.ok(copiedBytes < (first.document as { copiedBytes: number }).copiedBytes);
  assert.match(run("store", "check", "--store", "./b", "--key-file", "one.key").stdout, /everything is intact/);
  assert.equal(run("store", "copy", "./b", "./c", "--key-file", "one.key").status, 0);
  assert.equal(run("restore", "web:2", "./new", "--verify", "--store", "./c").status, 0);
  assert.match(run("diff", "web:2", "./rootfs", "--store", "./c").stdout, /^$/);

  // A name that leads elsewhere there is refused before anything is copied.
  run("capture", "./rootfs", "--name", "db", "--store", "./c");
  const packs = globSync(join(directory, "c/packs/*/*"));
  assert.equal(run("store", "copy", "./a", "./c").status, 3);
  assert.deepEqual(globSync(join(directory, "c/packs/*/*")), packs);
  assert.equal(run("store", "copy", "./a", "./a").status, 2);
  assert.equal(run("store", "copy", "./a", "./c", "--images", "nothing").status, 2);
});

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { asRoot } from "../support/temporary-directory.ts";
import { assertDocument } from "./documents.ts";
import { sandbox } from "./run-rehome.ts";
import { makeSmallTree } from "./small-tree.ts";

const oldId = "0123456789abcdef0123456789abcdef\n";

test(
  "restore --as makes a system of its own before it takes its place, and job undo takes it back",
  asRoot,
  (context) => {
    const { directory, run, document } = sandbox(context);
    const tree = join(directory, "rootfs");
    makeSmallTree(tree);
    writeFileSync(join(tree, "etc/hostname"), "web\n");
    writeFileSync(join(tree, "etc/machine-id"), oldId);
    assert.equal(run("capture", "./rootfs", "--name", "web").status, 0);
    assert.match(
      run("restore", "web", "./new", "--as", "web2", "-n").stdout,
      /make it the system web2: a new identity/,
    );
    assertDocument("restore-plan", document("restore", "web", "./new", "--as", "web2", "-n").document);

    const made = document("restore", "web", "./new", "--as", "web2");
    assert.equal(made.status, 0, JSON.stringify(made.document));
    assertDocument("restore", made.document);
    const { job, prepared } = made.document as { job: string; prepared: { as: string; changed: string[] } };
    assert.equal(prepared.as, "web2");
    assert.ok(prepared.changed.includes("etc/hostname"));
    assert.equal(readFileSync(join(directory, "new/etc/hostname"), "utf8"), "web2\n");
    const id = readFileSync(join(directory, "new/etc/machine-id"), "utf8");
    assert.match(id, /^[0-9a-f]{32}\n$/);
    assert.notEqual(id, oldId);
    const undone = run("job", "undo", job);
    assert.equal(undone.status, 0, undone.stderr);

    const again = document("restore", "web", "./new", "--as", "web2").document as { job: string };
    writeFileSync(join(directory, "new/work"), "of somebody");
    assert.equal(run("job", "undo", again.job).status, 3);
    for (const [words, status] of [
      [["--as", "no name"], 2],
      [["--as", "web3", "--into-existing"], 3],
      [["--as", "web3", "--path", "etc"], 3],
    ] as const)
      assert.equal(run("restore", "web", status === 2 ? "./other" : "./new", ...words).status, status, words.join(" "));
  },
);

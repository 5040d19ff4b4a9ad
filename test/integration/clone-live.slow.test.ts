import assert from "node:assert/strict";
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cloneJoinStore, diffTree, listImages, showImage } from "../../src/index.ts";
import { kill, large, LiveLab, statusOf } from "../support/live-lab.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

test(
  "nodes write a system while it is captured; one is killed and comes back, one comes late",
  asRoot,
  async (context) => {
    const lab = new LiveLab(context, 2);
    const golden = lab.serve();
    const n1 = await lab.joinApart("n1");
    const killed = await lab.joinApart("n2");
    // The capture cannot end before the gate is open.
    await lab.until(() => lab.hasWritten("n1") && lab.hasWritten("n2"));
    await kill(killed);
    const n2 = await lab.joinApart("n2");
    const n3 = await lab.joinApart("n3");
    await lab.until(() => lab.hasWritten("n3"));
    assert.ok(!lab.records.includes("captured"));
    const store = lab.file("own-store");
    const n4 = cloneJoinStore({ ...(await lab.optionsOf("n4")), store });
    // What changes behind the capture is not of the image, what changes before it is.
    appendFileSync(join(lab.tree, "a/small-7"), "changed behind it");
    appendFileSync(join(lab.tree, `b-large-${large - 1}`), "changed before it");
    rmSync(join(lab.tree, "b-large-9"));
    lab.open();
    assert.deepEqual(await Promise.all([n1, n2, n3, golden].map(statusOf)), [0, 0, 0, 0]);
    await n4;
    const { records } = lab;
    const captured = records.indexOf("captured");
    // Frames of which most are blocks were there before the capture had ended, and the trees were begun.
    assert.ok(records.slice(0, captured).some((line) => Number(/^frames (\d+)$/.exec(line)?.[1]) > 20));
    for (const node of ["n1", "n2", "n3"]) {
      assert.ok(records.indexOf(`verdict ${node}`) > captured, node);
      assert.deepEqual(snapshotTree(lab.target(node)), snapshotTree(lab.target("n1")), node);
    }
    const [image, ...more] = await listImages({ paths: lab.paths });
    assert.ok(image !== undefined && more.length === 0);
    const differences = await Array.fromAsync(diffTree(`@${image.image}`, lab.target("n1"), { paths: lab.paths }));
    assert.deepEqual(differences, []);
    assert.ok(!readFileSync(join(lab.target("n1"), "a/small-7"), "utf8").includes("changed"));
    assert.ok(readFileSync(join(lab.target("n1"), `b-large-${large - 1}`), "latin1").endsWith("changed before it"));
    const { manifest } = await showImage(`@${image.image}`, { paths: lab.paths });
    assert.notEqual(manifest.tail.consistency, "at-rest");
    assert.deepEqual(
      (await listImages({ store, paths: lab.paths })).map((own) => own.image),
      [image.image],
    );
  },
);

test(
  "a golden node that is killed while it captures does so anew, and nodes go on with what that is",
  asRoot,
  async (context) => {
    const lab = new LiveLab(context, 2);
    const killed = lab.serve();
    const n1 = await lab.joinApart("n1");
    const n2 = await lab.joinApart("n2");
    await lab.until(() => lab.hasWritten("n1") && lab.hasWritten("n2"));
    await kill(killed);
    assert.ok(!lab.records.includes("captured"));
    // What the first capture had, and nodes have, the second one has not.
    rmSync(join(lab.tree, "b-large-1"));
    writeFileSync(join(lab.tree, "a/small-3"), "other");
    writeFileSync(join(lab.tree, "a-new"), "new");
    lab.open();
    const golden = lab.serve();
    assert.deepEqual(await Promise.all([n1, n2, golden].map(statusOf)), [0, 0, 0]);
    for (const node of ["n1", "n2"]) assert.deepEqual(snapshotTree(lab.target(node)), snapshotTree(lab.tree), node);
    assert.equal((await listImages({ paths: lab.paths })).length, 1);
  },
);

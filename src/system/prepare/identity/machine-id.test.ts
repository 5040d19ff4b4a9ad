import assert from "node:assert/strict";
import { readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { handMadeTree } from "../../../../test/support/hand-made-tree.ts";

const oldId = "0123456789abcdef0123456789abcdef";
const reset = { identity: "reset" } as const;

test("machine-id: a clone gets a random UUID of its own, and D-Bus uses it", async (context) => {
  const tree = handMadeTree(context, { "etc/machine-id": `${oldId}\n`, "var/lib/dbus/machine-id": `${oldId}\n` });
  const [done] = await tree.prepare("machine-id", reset);
  const first = tree.text("etc/machine-id");
  assert.match(first, /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}\n$/);
  assert.deepEqual(done?.evidence, [`machine-id ${first.trim()}`]);
  assert.equal(readlinkSync(join(tree.root, "var/lib/dbus/machine-id")), "/etc/machine-id");
  await tree.prepare("machine-id", reset);
  assert.notEqual(tree.text("etc/machine-id"), first, "another clone has another");
});

test("machine-id: --fresh first-boot empties it, and a move leaves it alone", async (context) => {
  const tree = handMadeTree(context, { "etc/machine-id": `${oldId}\n` });
  assert.equal(tree.plan("machine-id").state, "left-out");
  await tree.prepare("machine-id", { ...reset, fresh: "first-boot" });
  assert.equal(tree.text("etc/machine-id"), "");
});

test("machine-id: a tree that has none and no systemd gets none", (context) => {
  assert.equal(handMadeTree(context, {}).plan("machine-id", reset).state, "nothing");
});

test("machine-id: a tree with systemd and without an id gets one for all to read", async (context) => {
  const tree = handMadeTree(context, { "usr/lib/systemd/systemd": "" });
  await tree.prepare("machine-id", reset);
  assert.equal(statSync(join(tree.root, "etc/machine-id")).mode & 0o777, 0o444);
});

test("machine-id: boot entries stay filed under the id that their names have", async (context) => {
  const tree = handMadeTree(context, {
    "etc/machine-id": `${oldId}\n`,
    [`boot/loader/entries/${oldId}-6.1.0.conf`]: "title x\n",
  });
  await tree.prepare("machine-id", reset);
  assert.equal(tree.text("etc/kernel/entry-token"), `${oldId}\n`);
  assert.ok(!tree.plan("machine-id", reset).changes.some((change) => change.what.includes("entries")), "once");
});

test("machine-id: the host id is drawn anew, but not where ZFS pools know it", async (context) => {
  const tree = handMadeTree(context, { "etc/machine-id": oldId, "etc/hostid": "abcd" });
  await tree.prepare("machine-id", reset);
  assert.notEqual(tree.text("etc/hostid"), "abcd");
  assert.equal(tree.text("etc/hostid").length, 4);
  const zfs = handMadeTree(context, { "etc/machine-id": oldId, "etc/hostid": "abcd", "etc/zfs/zpool.cache": "" });
  await zfs.prepare("machine-id", reset);
  assert.equal(zfs.text("etc/hostid"), "abcd");
  assert.match(zfs.plan("machine-id", reset).remarks.join(), /ZFS/);
});

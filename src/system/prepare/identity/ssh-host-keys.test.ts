import assert from "node:assert/strict";
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { handMadeTree } from "../../../../test/support/hand-made-tree.ts";

const reset = { identity: "reset" } as const;
const keys = {
  "etc/ssh/ssh_host_rsa_key": "secret",
  "etc/ssh/ssh_host_rsa_key.pub": "ssh-rsa AAAA root@web",
  "etc/ssh/ssh_host_rsa_key-cert.pub": "certificate",
  "etc/ssh/sshd_config": "Port 22\n",
};
const server = { ...keys, "usr/sbin/sshd": "", "usr/bin/ssh-keygen": "" };

test("ssh-host-keys: keys go, and new ones are made in the sandbox", async (context) => {
  const tree = handMadeTree(context, server);
  await tree.prepare("ssh-host-keys", reset);
  assert.deepEqual(
    tree.paths().filter((path) => path.startsWith("etc/ssh/")),
    ["etc/ssh/sshd_config"],
  );
  assert.deepEqual(tree.ran, ["/usr/bin/ssh-keygen -A"]);
  assert.equal(tree.plan("ssh-host-keys").state, "left-out", "a move keeps them");
});

test("ssh-host-keys: --fresh first-boot leaves a unit that makes them where Debian has none", async (context) => {
  const tree = handMadeTree(context, { ...server, "usr/lib/systemd/systemd": "" });
  await tree.prepare("ssh-host-keys", { ...reset, fresh: "first-boot" });
  assert.deepEqual(tree.ran, []);
  assert.ok(!tree.has("etc/ssh/ssh_host_rsa_key"));
  assert.match(tree.text("etc/systemd/system/rehome-ssh-host-keys.service"), /^ExecStart=\/usr\/bin\/ssh-keygen -A$/m);
  const enabled = join(tree.root, "etc/systemd/system/multi-user.target.wants/rehome-ssh-host-keys.service");
  assert.equal(readlinkSync(enabled), "../rehome-ssh-host-keys.service");
});

test("ssh-host-keys: the RPM family makes missing keys itself at first boot", async (context) => {
  const tree = handMadeTree(context, { ...server, "usr/lib/systemd/system/sshd-keygen@.service": "" });
  await tree.prepare("ssh-host-keys", { ...reset, fresh: "first-boot" });
  assert.ok(!tree.has("etc/systemd/system/rehome-ssh-host-keys.service"));
  assert.ok(!tree.has("etc/ssh/ssh_host_rsa_key"));
});

test("ssh-host-keys: without ssh-keygen nothing is removed", async (context) => {
  const tree = handMadeTree(context, { ...keys, "usr/sbin/sshd": "" });
  const planned = tree.plan("ssh-host-keys", reset);
  assert.deepEqual([planned.state, planned.why], ["blocked", "the tree has an SSH server and no ssh-keygen"]);
  await assert.rejects(tree.prepare("ssh-host-keys", reset), { code: "TARGET_UNSUITABLE" });
  assert.ok(tree.has("etc/ssh/ssh_host_rsa_key"));
});

test("ssh-host-keys: keys that it does not make are named", (context) => {
  const tree = handMadeTree(context, {
    ...server,
    "etc/ssh/sshd_config": "HostKey /etc/keys/mine\nHostKey /etc/ssh/ssh_host_rsa_key\n",
    "etc/dropbear/dropbear_rsa_host_key": "",
  });
  const { remarks } = tree.plan("ssh-host-keys", reset);
  assert.equal(remarks.length, 2);
  assert.match(remarks.join(), /\/etc\/keys\/mine.*dropbear_rsa_host_key/);
});

test("ssh-host-keys: a tree without a server only loses stray keys, and one without keys nothing", async (context) => {
  const stray = handMadeTree(context, keys);
  await stray.prepare("ssh-host-keys", reset);
  assert.ok(!stray.has("etc/ssh/ssh_host_rsa_key"));
  assert.deepEqual(stray.ran, []);
  assert.equal(handMadeTree(context, {}).plan("ssh-host-keys", reset).state, "nothing");
});

import assert from "node:assert/strict";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { handMadeTree } from "../../../../test/support/hand-made-tree.ts";

const reset = { identity: "reset" } as const;

test("dhcp: leases and identifiers of every client go, their configuration stays", async (context) => {
  const gone = [
    "var/lib/dhcp/dhclient.eth0.leases",
    "var/lib/dhcp/dhclient6.leases",
    "var/lib/dhclient/dhclient-a.lease",
    "var/lib/dhcpcd/duid",
    "var/lib/dhcpcd/eth0.lease",
    "etc/dhcpcd.duid",
    "var/lib/NetworkManager/internal-1-eth0.lease",
    "var/lib/NetworkManager/secret_key",
    "var/lib/wicked/duid.xml",
    "var/lib/wicked/lease-eth0-dhcp-ipv4.xml",
  ];
  const kept = ["etc/dhcp/dhclient.conf", "etc/dhcpcd.conf", "var/lib/NetworkManager/NetworkManager.state"];
  const tree = handMadeTree(context, Object.fromEntries([...gone, ...kept].map((path) => [path, path])));
  await tree.prepare("dhcp", reset);
  assert.deepEqual([gone.filter(tree.has), kept.filter(tree.has)], [[], kept]);
});

test("dhcp: a DUID that is written in configuration no longer holds", async (context) => {
  const network = "[DHCPv4]\nClientIdentifier=duid\nDUIDRawData=00:00:ab:11\n";
  const tree = handMadeTree(context, { "etc/systemd/network/lan.network": network });
  await tree.prepare("dhcp", reset);
  assert.equal(tree.text("etc/systemd/network/lan.network"), network.replace("DUIDRaw", "#DUIDRaw"));
});

test("random-seed: seeds get new bytes of their own, the secret of credentials goes", async (context) => {
  const tree = handMadeTree(context, {
    "var/lib/systemd/random-seed": "old",
    "boot/efi/loader/random-seed": "old",
    "var/lib/systemd/credential.secret": "old",
    "etc/credstore.encrypted/token": "sealed",
  });
  assert.match(tree.plan("random-seed", reset).remarks.join(), /^1 encrypted credentials/);
  await tree.prepare("random-seed", reset);
  const first = tree.text("var/lib/systemd/random-seed");
  assert.equal(first.length, 512);
  assert.notEqual(first, tree.text("boot/efi/loader/random-seed"));
  assert.ok(!tree.has("var/lib/systemd/credential.secret"));
  await tree.prepare("random-seed", reset);
  assert.notEqual(tree.text("var/lib/systemd/random-seed"), first);
  await tree.prepare("random-seed", { ...reset, fresh: "first-boot" });
  assert.ok(!tree.has("var/lib/systemd/random-seed"));
});

test("first-boot: cloud-init begins anew, with the seed it was given", async (context) => {
  const tree = handMadeTree(context, {
    "var/lib/cloud/instance": "->instances/i-1",
    "var/lib/cloud/instances/i-1/sem/config_x": "",
    "var/lib/cloud/data/previous-instance-id": "i-1",
    "var/lib/cloud/seed/nocloud/user-data": "#cloud-config\n",
    "var/log/cloud-init.log": "log",
    "etc/pki/consumer/cert.pem": "who",
  });
  await tree.prepare("first-boot", reset);
  assert.deepEqual(
    tree.paths().filter((path) => path.startsWith("var/lib/cloud")),
    ["var/lib/cloud", "var/lib/cloud/seed", "var/lib/cloud/seed/nocloud", "var/lib/cloud/seed/nocloud/user-data"],
  );
  assert.ok(!tree.has("var/log/cloud-init.log") && !tree.has("etc/pki/consumer/cert.pem"));
});

test("leftovers: journals and dumps go, logs are emptied in place, older parts of them go", async (context) => {
  const tree = handMadeTree(context, {
    "var/log/journal/0123/system.journal": "x",
    "var/crash/vmcore": "x",
    "var/lib/systemd/coredump/core.x": "x",
    "var/log/syslog": "lines",
    "var/log/syslog.1": "lines",
    "var/log/syslog.2.gz": "lines",
    "var/log/messages-20250101": "lines",
    "var/log/nginx/access.log": "lines",
    "var/log/wtmp": "records",
    "var/log/empty": "",
    "var/log/link": "->/etc/os-release",
  });
  mkdirSync(join(tree.root, "var/log/private"), { mode: 0o700 });
  await tree.prepare("leftovers", reset);
  assert.deepEqual(
    tree.paths().filter((path) => path.startsWith("var/log")),
    ["empty", "journal", "link", "nginx", "nginx/access.log", "private", "syslog", "wtmp"]
      .map((name) => `var/log/${name}`)
      .toSpliced(0, 0, "var/log"),
  );
  for (const path of ["syslog", "nginx/access.log", "wtmp"])
    assert.equal(statSync(join(tree.root, "var/log", path)).size, 0);
  assert.equal(tree.text("etc/os-release"), "ID=test\n");
  assert.deepEqual([tree.has("var/crash/vmcore"), tree.has("var/lib/systemd/coredump/core.x")], [false, false]);
  assert.equal(tree.plan("leftovers", reset).state, "nothing", "a second time");
});

test("a move leaves all of that alone", async (context) => {
  const files = {
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "etc/hostname": "web\n",
    "etc/ssh/ssh_host_rsa_key": "secret",
    "var/lib/dhcp/dhclient.leases": "lease",
    "var/lib/systemd/random-seed": "seed",
    "var/lib/systemd/credential.secret": "secret",
    "var/lib/cloud/instance": "x",
    "var/log/syslog": "lines",
  };
  const tree = handMadeTree(context, files);
  const done = await tree.prepare(undefined);
  assert.deepEqual(done, []);
  for (const [path, content] of Object.entries(files)) assert.equal(tree.text(path), content, path);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { handMadeTree } from "../../../../test/support/hand-made-tree.ts";
import { parseNicMap } from "./nic-mapping.ts";

const nicMap = (...texts: readonly string[]) => ({ nicMap: parseNicMap(texts) });

test("network-names: rules that name the cards of before go, others stay", async (context) => {
  const tree = handMadeTree(context, {
    "etc/udev/rules.d/70-persistent-net.rules": 'SUBSYSTEM=="net", ATTR{address}=="52:54:00:00:00:01", NAME="eth0"\n',
    "etc/udev/rules.d/70-persistent-cd.rules": "",
    "etc/udev/rules.d/75-persistent-net-generator.rules": "->/dev/null",
    "etc/udev/rules.d/99-local.rules": "x",
  });
  assert.match(tree.plan("network-names").remarks.join(), /gave a card the name eth0; --map-nic eth0=MAC/);
  assert.deepEqual(tree.plan("network-names", nicMap("eth0=52:54:00:00:00:02")).remarks, []);
  await tree.prepare("network-names");
  assert.deepEqual(
    tree.paths().filter((path) => path.startsWith("etc/udev/rules.d/")),
    ["etc/udev/rules.d/75-persistent-net-generator.rules", "etc/udev/rules.d/99-local.rules"],
  );
});

test("network-names: ifupdown names the new interface, aliases and VLANs of it too, and no other", async (context) => {
  const tree = handMadeTree(context, {
    "etc/network/interfaces": [
      "# eth0 is the first card",
      "auto lo eth0 eth01 eth0:1 eth0.100",
      "iface eth0 inet static",
      "  up ip link set dev eth0 mtu 9000",
      "iface veth0 inet dhcp",
      "iface my-eth0 inet dhcp",
      "",
    ].join("\n"),
  });
  await tree.prepare("network-names", nicMap("eth0=enp1s0"));
  assert.deepEqual(tree.text("etc/network/interfaces").split("\n"), [
    "# eth0 is the first card",
    "auto lo enp1s0 eth01 enp1s0:1 enp1s0.100",
    "iface enp1s0 inet static",
    "  up ip link set dev enp1s0 mtu 9000",
    "iface veth0 inet dhcp",
    "iface my-eth0 inet dhcp",
    "",
  ]);
});

test("network-names: netplan, networkd and NetworkManager, by name and by address", async (context) => {
  const tree = handMadeTree(context, {
    "etc/netplan/01.yaml": "network:\n  ethernets:\n    ens3:\n      match: {macaddress: 52:54:00:AA:00:01}\n",
    "etc/systemd/network/lan.network": "[Match]\nName=ens3\n\n[Network]\nDHCP=yes\n",
    "etc/systemd/network/lan.link": "[Match]\nMACAddress=52:54:00:aa:00:01\n[Link]\nName=lan\n",
    "etc/NetworkManager/system-connections/ens3.nmconnection":
      "[connection]\nid=ens3\ninterface-name=ens3\n[wifi-security]\npsk=ens3\n[ethernet]\nmac-address=52:54:00:AA:00:01\n",
  });
  await tree.prepare("network-names", nicMap("ens3=enp7s0", "52:54:00:aa:00:01=52:54:00:bb:00:02"));
  assert.equal(
    tree.text("etc/netplan/01.yaml"),
    "network:\n  ethernets:\n    enp7s0:\n      match: {macaddress: 52:54:00:BB:00:02}\n",
  );
  assert.match(tree.text("etc/systemd/network/lan.network"), /^Name=enp7s0$/m);
  assert.match(tree.text("etc/systemd/network/lan.link"), /^MACAddress=52:54:00:bb:00:02\n\[Link\]\nName=lan$/m);
  assert.equal(
    tree.text("etc/NetworkManager/system-connections/ens3.nmconnection"),
    "[connection]\nid=ens3\ninterface-name=enp7s0\n[wifi-security]\npsk=ens3\n[ethernet]\nmac-address=52:54:00:BB:00:02\n",
  );
});

test("network-names: files of the RPM family that bear the name of an interface get the new one", async (context) => {
  const folder = "etc/sysconfig/network-scripts";
  const tree = handMadeTree(context, {
    [`${folder}/ifcfg-eth0`]: 'DEVICE="eth0"\nHWADDR=52:54:00:AA:00:01\nNAME=eth0\nONBOOT=yes\n',
    [`${folder}/route-eth0`]: "10.0.0.0/8 via 192.168.1.1 dev eth0\n",
    [`${folder}/ifcfg-eth01`]: "DEVICE=eth01\n",
    [`${folder}/ifcfg-br0`]: "DEVICE=br0\nTYPE=Bridge\n",
  });
  const choices = nicMap("eth0=ens192", "52:54:00:aa:00:01=00:50:56:00:00:01");
  await tree.prepare("network-names", choices);
  const names = tree
    .paths()
    .filter((path) => path.startsWith(`${folder}/`))
    .map((path) => path.slice(folder.length + 1));
  assert.deepEqual(names, ["ifcfg-br0", "ifcfg-ens192", "ifcfg-eth01", "route-ens192"]);
  assert.equal(
    tree.text(`${folder}/ifcfg-ens192`),
    'DEVICE="ens192"\nHWADDR=00:50:56:00:00:01\nNAME=eth0\nONBOOT=yes\n',
  );
  assert.equal(tree.text(`${folder}/route-ens192`), "10.0.0.0/8 via 192.168.1.1 dev ens192\n");
  assert.equal(tree.plan("network-names", choices).state, "nothing", "a second time");
});

test("network-names: a card gets the name of before by its address or slot", async (context) => {
  const tree = handMadeTree(context, {});
  await tree.prepare("network-names", nicMap("eth0=52:54:00:BB:00:02", "eth1=pci-0000:00:03.0"));
  assert.match(
    tree.text("etc/systemd/network/10-rehome-eth0.link"),
    /^MACAddress=52:54:00:bb:00:02\n\n\[Link\]\nName=eth0$/m,
  );
  assert.match(
    tree.text("etc/systemd/network/10-rehome-eth1.link"),
    /^Path=pci-0000:00:03\.0\n\n\[Link\]\nName=eth1$/m,
  );
});

test("network-names: what it does not change is named", (context) => {
  const tree = handMadeTree(context, {
    "etc/nftables.conf": 'iifname "ens3" accept\n',
    "etc/sysctl.d/10.conf": "net.ipv4.conf.ens3.rp_filter=1\n",
    "etc/systemd/network/lan.link": "[Match]\nMACAddress=52:54:00:aa:00:09\n",
  });
  const { remarks } = tree.plan("network-names", nicMap("ens3=enp7s0"));
  assert.deepEqual(
    remarks.map((remark) => remark.split(" ")[0]),
    ["/etc/systemd/network/lan.link", "/etc/nftables.conf", "/etc/sysctl.d/10.conf"],
  );
});

test("network-names: a file whose new name is taken stays, and is named", async (context) => {
  const folder = "etc/sysconfig/network-scripts";
  const tree = handMadeTree(context, {
    [`${folder}/ifcfg-eth0`]: "DEVICE=eth0\n",
    [`${folder}/ifcfg-ens3`]: "DEVICE=ens3\n",
  });
  const planned = tree.plan("network-names", nicMap("eth0=ens3"));
  assert.equal(planned.state, "nothing");
  assert.match(planned.remarks.join(), /ifcfg-ens3 is there already, so .*ifcfg-eth0 stays/);
});

test("parseNicMap() refuses what is no map, and maps that could not be made twice", () => {
  for (const text of ["", "eth0", "eth0=", "=eth0", "eth0=a/b", "52:54:00:aa:00:01=eth0", "eth0=../x", "eth0=a b"])
    assert.throws(() => parseNicMap([text]), { code: "USAGE" }, text);
  assert.throws(() => parseNicMap(["eth0=eth1", "eth1=eth0"]), { code: "USAGE" });
  assert.throws(() => parseNicMap(["eth0=a", "eth0=b"]), { code: "USAGE" });
  assert.equal(parseNicMap(["eth0=52:54:00:00:00:01", "eth1=52:54:00:00:00:02"]).length, 2);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { findUnsafeSettings, findUnsafeUnitSettings } from "./allow-list.ts";
import { systemdVersionOf } from "./known-keys.ts";
import { bindSource, overlaySources, splitColons } from "./path-list.ts";
import { settingsNeeds } from "./settings-needs.ts";
import { parseUnitFile } from "./unit-file.ts";

const read = (text: string) => parseUnitFile(text).settings;
const unsafe = (text: string, allowed: readonly string[] = []): string[] =>
  findUnsafeSettings(read(text), allowed).map(({ setting: { key, value } }) => `${key}=${value}`);

const ordinary = `[Exec]
Boot=yes
PrivateUsers=pick
LimitNOFILE=1024
LinkJournal=try-guest
[Files]
PrivateUsersOwnership=auto
Bind=+/data:/srv
Bind=:/scratch
TemporaryFileSystem=/tmp
[Network]
VirtualEthernet=yes
Bridge=br0
Port=tcp:8080:80
`;

test("splitColons() takes escapes", () => {
  assert.deepEqual(splitColons(String.raw`/a\:b:/c\\:d`), ["/a:b", "/c\\", "d"]);
  assert.deepEqual(bindSource("/a"), { kind: "host", path: "/a" });
  assert.deepEqual(bindSource("+/a:/b"), { kind: "machine", path: "/a" });
  assert.deepEqual(bindSource(":/b"), { kind: "temporary" });
  assert.deepEqual(
    overlaySources("+/var::/var").map(({ kind }) => kind),
    ["machine", "temporary"],
  );
  assert.deepEqual(
    overlaySources("+/a:/b").map(({ kind }) => kind),
    ["machine", "host"],
  );
});

test("findUnsafeSettings() lets an ordinary machine through", () => {
  assert.deepEqual(unsafe(ordinary), []);
});

test("findUnsafeSettings() finds everything that reaches out of the machine, and what is not known", () => {
  const lines = {
    Exec: [
      "Capability=CAP_SYS_ADMIN",
      "AmbientCapability=CAP_NET_RAW",
      "PrivateUsers=no",
      "PrivateUsers=0",
      "PrivateUsers=1000:65536",
      "PrivateUsers=managed",
      "PrivateUsers=00:65536",
      "PrivateUsers=identity",
      "SystemCallFilter=@mount",
      "Parameters=/bin/sh",
      "New=1",
      "LinkJournal=host",
      "OOMScoreAdjust=-999",
    ],
    Files: ["Bind=/", "BindReadOnly=etc:/x", "Overlay=/usr:/usr", "OverlayReadOnly=+/a:/b:/c", "BindUser=root"],
    Network: ["Private=no", "VirtualEthernet=no", "Interface=eth0", "Private=maybe"],
    Service: ["ExecStartPre=/bin/sh"],
  };
  for (const [section, expected] of Object.entries(lines))
    assert.deepEqual(unsafe(`[${section}]\n${expected.join("\n")}`), expected);
});

test("findUnsafeSettings() lets pass what an operator allows: a key, or one value of it", () => {
  const text = "[Files]\nBind=/srv\nBind=/etc\n[Exec]\nCapability=all\n";
  assert.deepEqual(unsafe(text, ["Bind"]), ["Capability=all"]);
  assert.deepEqual(unsafe(text, ["Bind=/srv", "Capability"]), ["Bind=/etc"]);
});

test("findUnsafeUnitSettings() lets limits pass, nothing that the host would run or give", () => {
  const text = `[Service]
CPUQuota=50%
MemoryMax=1G
TasksMax=100
IOWeight=10
LimitNOFILE=1024
ExecStartPre=/bin/sh
DeviceAllow=/dev/sda rwm
Slice=-.slice
[Unit]
After=network.target
OnFailure=x.service
`;
  const names = findUnsafeUnitSettings(read(text), []).map(({ setting }) => setting.key);
  assert.deepEqual(names, ["ExecStartPre", "DeviceAllow", "Slice", "OnFailure"]);
  assert.deepEqual(
    findUnsafeUnitSettings(read(text), ["DeviceAllow", "Slice", "OnFailure"]).map(({ setting }) => setting.key),
    ["ExecStartPre"],
  );
});

test("settingsNeeds() says what a host must have, each with the setting that asks for it", () => {
  const text = `[Exec]
PrivateUsers=1966080:65536
SuppressSync=yes
[Files]
Bind=/srv/data:/data:idmap
BindReadOnly=/usr
Bind=/usr:/other
Overlay=+/var:/srv/upper:/var
[Network]
Bridge=br0
MACVLAN=eth0 eth1:lan
`;
  assert.deepEqual(settingsNeeds(read(text)), {
    bindSources: [
      { what: "/srv/data", setting: "Bind=/srv/data:/data:idmap" },
      { what: "/usr", setting: "BindReadOnly=/usr" },
      { what: "/srv/upper", setting: "Overlay=+/var:/srv/upper:/var" },
    ],
    networkDevices: [
      { what: "eth0", setting: "MACVLAN=eth0 eth1:lan" },
      { what: "eth1", setting: "MACVLAN=eth0 eth1:lan" },
      { what: "br0", setting: "Bridge=br0" },
    ],
    features: [
      { what: "user-namespaces", setting: "PrivateUsers=1966080:65536" },
      { what: "idmapped-mounts", setting: "Bind=/srv/data:/data:idmap" },
      { what: "overlay", setting: "Overlay=+/var:/srv/upper:/var" },
      { what: "veth", setting: "Bridge=br0" },
      { what: "bridge", setting: "Bridge=br0" },
      { what: "macvlan", setting: "MACVLAN=eth0 eth1:lan" },
    ],
    systemdVersion: { what: 250, setting: "SuppressSync=yes" },
    uidRange: { kind: "fixed", start: 1_966_080, count: 65_536 },
  });
  const nothing = { bindSources: [], networkDevices: [], features: [], systemdVersion: undefined };
  assert.deepEqual(settingsNeeds([]), { ...nothing, uidRange: { kind: "none" } });
});

test("systemdVersionOf() knows every key, and only those", () => {
  assert.equal(systemdVersionOf("Exec", "Boot"), 226);
  assert.equal(systemdVersionOf("Network", "Zone"), 230);
  assert.equal(systemdVersionOf("Files", "Boot"), undefined);
});

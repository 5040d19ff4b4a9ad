import assert from "node:assert/strict";
import { test } from "node:test";
import { checkHost } from "./check-host.ts";
import type { HostCheck } from "./host-check.ts";
import type { MachineNeeds, TargetFacts } from "./target-facts.ts";

const needs: MachineNeeds = {
  name: "web",
  uuid: "6f2b1c3d4e5f60718293a4b5c6d7e8f9",
  osRelease: { ID: "debian", VERSION_ID: "12" },
  inheritsFromHost: true,
  architecture: "x86_64",
  cpuLevel: "x86-64-v3",
  kernelRelease: "6.1.0-28-amd64",
  kernelFeatures: [{ what: "overlay", setting: "Volatile=overlay" }],
  systemdVersion: { what: 250, setting: "SuppressSync=yes" },
  networkDevices: [{ what: "br0", setting: "Bridge=br0" }],
  bindSources: [{ what: "/srv", setting: "Bind=/srv" }],
  uidRange: { start: 1_966_080, count: 65_536 },
  bytes: 1000,
};
const facts: TargetFacts = {
  osRelease: { ID: "debian", VERSION_ID: "12" },
  architecture: "x86_64",
  cpuLevel: "x86-64-v3",
  kernelRelease: "6.1.0-9-amd64",
  kernelFeatures: new Set(["overlay"]),
  systemdVersion: 252,
  networkDevices: new Set(["lo", "br0"]),
  presentPaths: new Set(["/srv"]),
  reservedUids: [],
  freeBytes: 1000,
  machines: [{ name: "db", uuid: "00000000000000000000000000000001", uidRange: { start: 2_031_616, count: 65_536 } }],
  liveCopies: [{ uuid: "00000000000000000000000000000001", where: "host9" }],
};

function failing(
  changed: Partial<TargetFacts>,
  changedNeeds: Partial<MachineNeeds> = {},
  options: { ignored: HostCheck[]; skipSoftware: boolean } = { ignored: [], skipSoftware: false },
): string[] {
  return checkHost({ ...needs, ...changedNeeds }, { ...facts, ...changed }, options).map(({ check }) => check);
}

test("checkHost() is content with a host that has everything", () => {
  assert.deepEqual(failing({}), []);
});

test("checkHost() finds each thing that is missing", () => {
  const cases: [HostCheck, Partial<TargetFacts>, Partial<MachineNeeds>?][] = [
    ["distribution", { osRelease: { ID: "debian", VERSION_ID: "11" } }],
    ["distribution", { osRelease: { ID: "fedora", VERSION_ID: "40" } }],
    ["distribution", { osRelease: { ID: "ubuntu", ID_LIKE: "debian", VERSION_ID: "24.04" } }],
    ["architecture", { architecture: "aarch64" }],
    ["cpu-level", { cpuLevel: "x86-64-v2" }],
    ["kernel", { kernelRelease: "5.10.0-9-amd64" }],
    ["kernel-feature", { kernelFeatures: new Set() }],
    ["systemd", { systemdVersion: 249 }],
    ["network-device", { networkDevices: new Set(["lo"]) }],
    ["bind-source", { presentPaths: new Set() }],
    ["uid-range", {}, { uidRange: { start: 2_000_000, count: 65_536 } }],
    ["uid-range", { reservedUids: [{ start: 2_000_000, count: 10, owner: "user ldap" }] }],
    ["disk-space", { freeBytes: 999 }],
    ["name", { machines: [{ name: "web" }] }],
    ["uuid", { machines: [{ name: "copy", uuid: needs.uuid }] }],
    ["live-copy", { liveCopies: [{ uuid: needs.uuid, where: "host9" }] }],
  ];
  for (const [check, changed, changedNeeds] of cases) assert.deepEqual(failing(changed, changedNeeds), [check]);
});

test("checkHost() lists everything at once, and is not content with what comes close", () => {
  const all = failing({
    osRelease: { ID: "debian", VERSION_ID: "9" },
    kernelRelease: "6.0.99",
    systemdVersion: 1,
    freeBytes: 0,
    machines: [{ name: "web", uuid: needs.uuid }],
  });
  assert.deepEqual(all, ["distribution", "kernel", "systemd", "disk-space", "name", "uuid"]);
});

test("checkHost() does not compare what is not known, nor the distribution of a machine that inherits nothing", () => {
  const {
    osRelease: _os,
    kernelRelease: _kernel,
    kernelFeatures: _features,
    systemdVersion: _systemd,
    ...rest
  } = facts;
  assert.deepEqual(checkHost(needs, rest, { ignored: [], skipSoftware: false }), []);
  assert.deepEqual(failing({ osRelease: { ID: "fedora" } }, { inheritsFromHost: false }), []);
  assert.deepEqual(failing({}, { architecture: "i686" }), [], "a kernel runs what it can");
});

test("checkHost() leaves out what rules ignore, and with force the software alone", () => {
  const wrong = { cpuLevel: "x86-64-v1", kernelRelease: "4.19", systemdVersion: 1, machines: [{ name: "web" }] };
  assert.deepEqual(failing(wrong, {}, { ignored: ["cpu-level", "kernel"], skipSoftware: false }), ["systemd", "name"]);
  assert.deepEqual(failing(wrong, {}, { ignored: [], skipSoftware: true }), ["cpu-level", "name"]);
});

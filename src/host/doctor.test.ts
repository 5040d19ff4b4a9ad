import assert from "node:assert/strict";
import { release } from "node:os";
import { test } from "node:test";
import { inspectHost, type DoctorRow } from "./doctor.ts";
import { findTool } from "./processes.ts";

async function rowOf(capability: string): Promise<DoctorRow> {
  const row = (await inspectHost()).rows.find((one) => one.capability === capability);
  assert.ok(row, capability);
  return row;
}

test("inspectHost() answers for every capability", async () => {
  const { rows } = await inspectHost();
  const capabilities = rows.map(({ capability }) => capability);
  assert.equal(new Set(capabilities).size, capabilities.length);
  for (const capability of [
    "root",
    "user namespaces",
    "loop devices",
    "mounts",
    "openat2",
    "qemu",
    "grub-mkimage",
    "rpm",
  ])
    assert.ok(capabilities.includes(capability), capability);
  for (const { detail, neededFor } of rows) assert.ok(detail !== "" && neededFor !== "");
});

test("inspectHost() tells the versions of the tools that are there", async () => {
  const tar = await rowOf("tar");
  assert.equal(tar.status, "yes");
  assert.match(tar.version ?? "", /^1\.\d+/);
  assert.equal(tar.detail, findTool("tar"));
  for (const { status, version, detail } of (await inspectHost()).rows)
    if (status === "yes" && detail.startsWith("/") && !detail.includes("can be opened"))
      assert.match(version ?? "", /\d/, detail);
});

test("inspectHost() names the package of a tool that is missing", async (context) => {
  const path = process.env["PATH"];
  context.after(() => (process.env["PATH"] = path));
  process.env["PATH"] = "/nonexistent";
  const nspawn = await rowOf("systemd-nspawn");
  assert.equal(nspawn.status, "no");
  assert.equal(nspawn.install, "systemd-container");
  assert.equal(nspawn.version, undefined);
});

test("inspectHost() knows the user and the kernel", async () => {
  const root = await rowOf("root");
  assert.equal(root.status === "no", process.geteuid?.() !== 0);
  const kernel = await rowOf("openat2");
  assert.equal(kernel.version, release());
  assert.equal(kernel.status, "yes");
});

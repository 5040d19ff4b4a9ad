import assert from "node:assert/strict";
import { release } from "node:os";
import { test } from "node:test";
import { describeHost } from "../../system/facts/index.ts";
import { observeHost } from "./index.ts";

test("observeHost() shows this host", async () => {
  const facts = describeHost(await observeHost());
  assert.equal(facts.kernelRelease, release());
  assert.ok(facts.cpuCount > 0 && facts.memoryBytes > 2 ** 20);
  const loopback = facts.networkInterfaces.find(({ name }) => name === "lo");
  assert.equal(loopback?.kind, "loopback");
  if (process.arch === "x64") assert.match(facts.cpuLevel ?? "", /^x86-64-v[1-4]$/);
});

test("observeHost() leaves out what only a missing tool could tell", async (context) => {
  const path = process.env["PATH"];
  context.after(() => (process.env["PATH"] = path));
  process.env["PATH"] = "/nonexistent";
  const observed = await observeHost();
  assert.equal(observed.lsblkJson, undefined);
  assert.deepEqual(describeHost(observed).disks, []);
  assert.ok(observed.interfaces.some(({ name, addresses }) => name === "lo" && addresses.includes("127.0.0.1/8")));
});

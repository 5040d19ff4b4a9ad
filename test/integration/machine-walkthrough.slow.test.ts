import assert from "node:assert/strict";
import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findTool } from "../../src/host/processes.ts";
import { bootMachine } from "../support/booted-machine.ts";
import { debianTreeIn } from "../support/debian-tree.ts";
import { memoryDirectory } from "../support/memory-directory.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { makeSite, moveFiles, put, type Site } from "../support/two-sites.ts";

const needs = { skip: asRoot.skip || (findTool("systemd-nspawn") ? false : "needs systemd-nspawn"), timeout: 900_000 };

/** What its files say of who it is. */
function identityOf(site: Site, name: string): Readonly<Record<"machineId" | "hostname" | "hostKey", string>> {
  const read = (path: string): string => readFileSync(join(site.machine(name), "etc", path), "utf8").trim();
  return { machineId: read("machine-id"), hostname: read("hostname"), hostKey: read("ssh/ssh_host_ed25519_key.pub") };
}

test(
  "a booted machine is halted, detached, moved, created, attached and boots again, its service answering, as do those made of it",
  needs,
  async (context) => {
    const directory = memoryDirectory(context);
    const [host1, host2] = ["host1", "host2"].map((name) => {
      mkdirSync(join(directory, name));
      return makeSite(context, join(directory, name));
    }) as [Site, Site];
    const tree = debianTreeIn(directory);
    // A machine has no kernel of its own.
    for (const path of ["boot", "usr/lib/modules"]) rmSync(join(tree, path), { recursive: true });
    renameSync(tree, host1.machine("my-zone"));
    put(host1.settingsFile("my-zone"), "[Exec]\nBoot=yes\n");

    const before = bootMachine(context, host1.machine("my-zone"));
    assert.equal(await before.greeting(), "SSH-2.0");
    assert.equal(host1.stateOf("my-zone"), "running");
    const refused = host1.run("machine", "detach", "my-zone");
    assert.equal(refused.status, 3);
    assert.match(refused.stderr, /it is running.*\nStop it first: rehome machine stop my-zone/);
    const shown = host1.run("machine", "detach", "-n", "my-zone");
    assert.equal(shown.status, 0, shown.stderr);
    await before.powerOff();
    assert.equal(host1.stateOf("my-zone"), "installed");
    const { machineId } = identityOf(host1, "my-zone");

    assert.equal(host1.run("machine", "detach", "my-zone").status, 0);
    moveFiles("my-zone", host1, host2);
    const created = host2.run("machine", "create", "my-zone", "--from", host2.machine("my-zone"));
    assert.equal(created.status, 0, created.stderr);
    const attached = host2.run("machine", "attach", "my-zone");
    assert.equal(attached.status, 0, attached.stdout + attached.stderr);

    const after = bootMachine(context, host2.machine("my-zone"));
    assert.equal(await after.greeting(), "SSH-2.0");
    assert.equal(host2.stateOf("my-zone"), "running");
    await after.powerOff();
    assert.equal(identityOf(host2, "my-zone").machineId, machineId, "it is the same machine");

    // What is made of it is a machine of its own, which starts and answers beside it.
    for (const words of [
      ["machine", "clone", "my-zone", "second"],
      ["capture", "machine:my-zone", "--name", "golden"],
      ["machine", "create", "third", "--from", "golden"],
    ]) {
      const { status, stderr } = host2.run(...words);
      assert.equal(status, 0, `${words.join(" ")}: ${stderr}`);
    }
    const names = ["second", "third"];
    const booted = names.map((name) => bootMachine(context, host2.machine(name)));
    for (const machine of booted) assert.equal(await machine.greeting(), "SSH-2.0");
    for (const name of names) assert.equal(host2.stateOf(name), "running");
    await Promise.all(booted.map((machine) => machine.powerOff()));
    const identities = ["my-zone", ...names].map((name) => identityOf(host2, name));
    for (const { machineId: id, hostKey } of identities) {
      assert.match(id, /^[0-9a-f]{32}$/);
      assert.match(hostKey, /^ssh-ed25519 /);
    }
    assert.equal(new Set(identities.map(({ machineId: id }) => id)).size, 3);
    assert.equal(new Set(identities.map(({ hostKey }) => hostKey)).size, 3);
    assert.deepEqual(
      identities.slice(1).map(({ hostname }) => hostname),
      names,
    );
  },
);

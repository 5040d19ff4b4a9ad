import assert from "node:assert/strict";
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findTool } from "../../src/host/processes.ts";
import { bootMachine } from "../support/booted-machine.ts";
import { debianTree } from "../support/debian-tree.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { makeSite, moveFiles, put } from "../support/two-sites.ts";

const needs = { skip: asRoot.skip || (findTool("systemd-nspawn") ? false : "needs systemd-nspawn"), timeout: 900_000 };

test(
  "a booted machine is halted, detached, moved, created, attached and boots again, its service answering",
  needs,
  async (context) => {
    const [host1, host2] = [makeSite(context), makeSite(context)];
    renameSync(debianTree(context), host1.machine("my-zone"));
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
    const machineId = readFileSync(join(host1.machine("my-zone"), "etc/machine-id"), "utf8");

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
    assert.equal(
      readFileSync(join(host2.machine("my-zone"), "etc/machine-id"), "utf8"),
      machineId,
      "it is the same machine",
    );
  },
);

import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { listMachines } from "../../src/library/machines/list-machines.ts";
import { tryLockFile } from "../../src/host/file-locks.ts";
import { testPlace } from "../support/place.ts";
import { assertDocument } from "./documents.ts";
import { sandbox } from "./run-rehome.ts";

function write(path: string, text = ""): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const uuid = "6f2b1c3d4e5f60718293a4b5c6d7e8f9";

test("machine list shows each machine with what it is at, on record or not", (context) => {
  const { directory, run, document } = sandbox(context);
  assert.deepEqual([run("machine", "list").stdout, run("machine", "list").status], ["", 0]);

  const at = (path: string): string => join(directory, path);
  write(at("machines/plain/etc/machine-id"), `${uuid}\n`);
  write(at("machines/gone/.rehome/detached.json"), "{}");
  write(at("etc/nspawn/settings-only.nspawn"));
  write(at("etc/nspawn/plain.nspawn"));
  write(at("machines/.#plain.lck"));
  write(at("machines/not-a-machine"));
  mkdirSync(at("machines/half"));
  mkdirSync(at("machines/away"));
  mkdirSync(at("machines/hostile"));
  symlinkSync("/etc", at("machines/hostile/.rehome"));
  symlinkSync("/etc/hostname", at("machines/hostile/etc"));
  const record = (name: string, more: object): void =>
    write(at(`state/machines/${name}.json`), JSON.stringify({ name, uuid, epoch: 2, ...more }));
  record("half", { mark: "incomplete" });
  record("away", { mark: "moved", movedTo: "host2", image: "web:3" });
  mkdirSync(at("etc/system/machines.target.wants"), { recursive: true });
  symlinkSync("/nowhere", at("etc/system/machines.target.wants/systemd-nspawn@plain.service"));

  const { machines } = document("machine", "list").document as { machines: Record<string, unknown>[] };
  assertDocument("machine-list", { machines });
  assert.deepEqual(
    machines.map(({ name, state, autostart, epoch }) => [name, state, autostart, epoch]),
    [
      ["away", "moved", false, 2],
      ["gone", "detached", false, undefined],
      ["half", "incomplete", false, 2],
      ["hostile", "installed", false, undefined],
      ["plain", "installed", true, undefined],
      ["settings-only", "configured", false, undefined],
    ],
  );
  assert.equal(machines.find(({ name }) => name === "plain")?.["uuid"], uuid);

  const lines = run("machine", "list").stdout.split("\n");
  assert.match(lines[0] ?? "", /^NAME +STATE +PATH +UUID +IMAGE$/);
  assert.match(lines[1] ?? "", /^away +moved +\S+\/machines\/away +6f2b1c3d4e5f60718293a4b5c6d7e8f9 +web:3$/);
  assert.match(run("machine", "list", "-v").stdout, /AUTOSTART +EPOCH +MOVED TO\naway .* no +2 +host2\n/);
});

test("listMachines() tells a machine that runs by the lock of systemd-nspawn", (context) => {
  const { paths } = testPlace(context);
  mkdirSync(join(paths.machinesDirectory, "web"), { recursive: true });
  const state = (): string | undefined => listMachines({ paths })[0]?.state;
  assert.equal(state(), "installed");
  const held = tryLockFile(join(paths.machinesDirectory, ".#web.lck"));
  assert.ok(held);
  assert.equal(state(), "running");
  held[Symbol.dispose]();
  assert.equal(state(), "installed");
});

test("listMachines() lists 500 machines, and it says what that takes", (context) => {
  const { paths } = testPlace(context);
  for (let at = 0; at < 500; at++) {
    write(join(paths.machinesDirectory, `web${at}/etc/machine-id`), `${uuid}\n`);
    write(join(paths.nspawnDirectory, `web${at}.nspawn`), "[Exec]\nBoot=yes\n");
    write(
      join(paths.stateDirectory, `machines/web${at}.json`),
      JSON.stringify({ name: `web${at}`, uuid, epoch: 1, owner: uuid }),
    );
  }
  listMachines({ paths });
  // Of this process alone: what else the machine does must not fail the test.
  const begun = process.cpuUsage();
  assert.equal(listMachines({ paths }).length, 500);
  const { user, system } = process.cpuUsage(begun);
  const tookMs = (user + system) / 1000;
  context.diagnostic(`${tookMs.toFixed(0)} ms of processor time`);
});

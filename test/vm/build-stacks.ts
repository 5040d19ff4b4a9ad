import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readCapabilities } from "../../src/host/disk/capabilities.ts";
import { diskPorts } from "../../src/host/disk/disk-ports.ts";
import { prepare } from "../../src/library/prepare/prepare.ts";
import { buildSteps } from "../../src/system/disk/build/build-steps.ts";
import type { BuildRequest, BuildSource } from "../../src/system/disk/build/request.ts";
import { readLayout } from "../../src/system/disk/layout/yaml/read-layout.ts";
import { checkCapabilities } from "../../src/system/disk/plan/check-capabilities.ts";
import type { DiskPlan } from "../../src/system/disk/plan/disk-plan.ts";
import type { Firmware } from "../../src/system/disk/plan/layout-check.ts";
import { planDisks } from "../../src/system/disk/plan/plan-disk.ts";
import { seededUuids } from "../../src/system/disk/plan/uuids.ts";
import { findStaleReferences } from "../../src/system/prepare/references/index.ts";
import { run } from "../support/run.ts";
import { diskSizesMib, grouped, mirrored, passphrases } from "./stack-layouts.ts";

// Runs in a virtual machine, whose kernel knows device mapper and md: puts the machine's own system on its blank disks.

const startedMs = performance.now();
const devices = new Map(Object.keys(diskSizesMib).map((name, index) => [name, `/dev/vd${"bcdefg"[index]}`]));
const kept = ["rehome", "proc", "sys", "dev", "run", "tmp", "mnt", "lost+found"];

function say(text: string): void {
  process.stdout.write(`guest: ${Math.round((performance.now() - startedMs) / 1000)} s: ${text}\n`);
}

function sourceNamed(hostname: string): BuildSource {
  return {
    restore(tree) {
      const excluded = kept.map((name) => `--exclude=./${name}/*`);
      const flags = "--xattrs --xattrs-include=* --numeric-owner";
      run("sh", "-c", `tar -C / --one-file-system ${excluded.join(" ")} ${flags} -c . | tar -C "${tree}" -x ${flags}`);
      writeFileSync(
        `${tree}/etc/default/grub`,
        'GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200n8 rd.lvm.lv=old/root"\n',
      );
      writeFileSync(`${tree}/etc/crypttab`, "old /dev/sdz1 none luks\n");
      mkdirSync(`${tree}/etc/mdadm`, { recursive: true });
      return Promise.resolve();
    },
    async prepare(tree, created) {
      const newHome = { ...created, oldDisks: [], isComplete: true };
      await prepare(tree, { identity: "reset", hostname, newHome });
    },
    findStale: (text) => findStaleReferences(text, []),
    async *readStream() {
      // No layout here has one.
    },
    verify: () => Promise.resolve(),
    finish: () => undefined,
  };
}

function requestOf(text: string, firmware: readonly Firmware[]): BuildRequest {
  const layout = readLayout(text, "layout.yaml");
  const usage = new Map([["/", { bytes: 500e6, entries: 20_000 }]]);
  const sizes = new Map(Object.entries(diskSizesMib).map(([name, mib]) => [name, mib * 2 ** 20]));
  const plan = planDisks(layout, { sizes, firmware, usage, uuids: seededUuids(text) });
  assert.deepEqual(checkCapabilities(plan, readCapabilities(), ["sfdisk", "grub-mkimage"]), []);
  const workDirectory = `/mnt/${layout.disks[0]?.name ?? ""}`;
  mkdirSync(workDirectory, { recursive: true });
  const passphraseFiles = new Map(
    [...passphrases].map(([name, passphrase]) => {
      const path = `/tmp/${name}`;
      writeFileSync(path, `${passphrase}\n`, { mode: 0o600 });
      return [name, path];
    }),
  );
  return {
    plan,
    paths: pathsOf(plan),
    firmware,
    workDirectory,
    systemName: "Stack",
    hasSerialConsole: true,
    passphraseFiles,
  };
}

function pathsOf({ disks }: DiskPlan): Map<string, string> {
  return new Map(disks.map(({ name }) => [name, devices.get(name) ?? ""]));
}

/** Nothing that a build made is held by the kernel any more; what udev puts together from the disks themselves is its own. */
function assertNothingLeft(): void {
  assert.equal(run("losetup", "--list", "--noheadings"), "");
  const mounted = readFileSync("/proc/mounts", "utf8").split("\n");
  assert.deepEqual(
    mounted.filter((line) => line.includes(" /mnt/")),
    [],
  );
}

async function build(name: string, layout: string, firmware: readonly Firmware[]): Promise<void> {
  const request = requestOf(layout, firmware);
  for (const step of buildSteps(request, sourceNamed(name), diskPorts)) {
    say(`${name}: ${step.name}`);
    await step.run();
    assertNothingLeft();
  }
}

await build("mirrored", mirrored, ["bios", "uefi"]);
await build("grouped", grouped, ["bios"]);
process.stdout.write("guest: all is built\n");

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { run } from "../../../test/support/run.ts";
import { asRoot, temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { makeFileSystemCommands } from "../../system/disk/commands/make-file-system.ts";
import { partitionCommand } from "../../system/disk/commands/partition-table.ts";
import { fileSystemTypes, type Layout, type PartitionLayout } from "../../system/disk/layout/layout.ts";
import { checkCapabilities } from "../../system/disk/plan/check-capabilities.ts";
import type { DiskPlan } from "../../system/disk/plan/disk-plan.ts";
import { planDisks } from "../../system/disk/plan/plan-disk.ts";
import { seededUuids } from "../../system/disk/plan/uuids.ts";
import { ToolFailedError } from "../processes.ts";
import { readCapabilities } from "./capabilities.ts";
import { diskPorts, runCommand } from "./disk-ports.ts";
import { attachLoopDevice, loopDevicesOf, loopDevicesOver } from "./loop-devices.ts";

const mib = 2 ** 20;

function planOf(layout: Layout, sizeMib: number): DiskPlan {
  const sizes = new Map(layout.disks.map(({ name }) => [name, sizeMib * mib]));
  return planDisks(layout, { sizes, firmware: [], usage: new Map(), uuids: seededUuids("disk-ports") });
}

interface Table {
  readonly partitiontable: {
    readonly label: string;
    readonly id: string;
    readonly partitions: readonly Readonly<Record<string, string | number | boolean>>[];
  };
}

const linux = (sizeMib: number): PartitionLayout => ({
  type: "linux",
  size: { kind: "bytes", sizeBytes: sizeMib * mib },
});

for (const table of ["gpt", "mbr"] as const)
  test(`sfdisk writes a table (${table}) exactly as planned`, async (context) => {
    const path = join(temporaryDirectory(context), "disk");
    const partitions: PartitionLayout[] =
      table === "gpt"
        ? [
            { ...linux(1), type: "bios-boot" },
            { ...linux(40), type: "esp", name: "EFI, system" },
            { type: "linux", size: { kind: "fill" } },
          ]
        : [
            { ...linux(20), isActive: true },
            { type: "extended", size: { kind: "fill" } },
            { ...linux(30), type: "swap", isLogical: true },
            { type: "0x07", size: { kind: "fill" }, isLogical: true },
          ];
    const plan = planOf({ version: 1, disks: [{ name: "disk", table, partitions }] }, 128);
    const [disk] = plan.disks;
    assert.ok(disk);
    diskPorts.files.allocate(path, disk.sizeBytes);
    await runCommand(partitionCommand(disk, path));
    const { partitiontable } = JSON.parse(run("sfdisk", "--json", path)) as Table;
    assert.equal(partitiontable.label, table === "gpt" ? "gpt" : "dos");
    assert.equal(partitiontable.id.toLowerCase().replace("0x", ""), disk.id);
    assert.deepEqual(
      partitiontable.partitions.map(({ node, start, size, type, uuid, name, bootable }) => [
        Number(String(node).slice(path.length)),
        start,
        size,
        String(type).toLowerCase().padStart(2, "0"),
        String(uuid ?? "").toLowerCase(),
        name,
        bootable ?? false,
      ]),
      disk.partitions.map((part) => [
        part.number,
        part.startSector,
        part.sectorCount,
        part.typeCode.toLowerCase(),
        table === "gpt" ? part.partitionUuid : "",
        part.name,
        part.isActive,
      ]),
    );
    await runCommand(partitionCommand(disk, path));
  });

test(
  "every kind of file system is made with the planned UUID and label, and its device goes",
  asRoot,
  async (context) => {
    const directory = temporaryDirectory(context);
    const path = join(directory, "disk");
    const types = [...fileSystemTypes, "swap" as const];
    const partitions = types.map((type): PartitionLayout => {
      const label = type === "vfat" ? "LABEL" : "label";
      const content =
        type === "swap" ? { kind: "swap" as const, label } : { kind: "file-system" as const, type, label };
      return { type: "linux", size: { kind: "bytes", sizeBytes: 330 * mib }, content };
    });
    const plan = planOf({ version: 1, disks: [{ name: "disk", table: "gpt", partitions }] }, 4096);
    const [disk] = plan.disks;
    assert.ok(disk);
    const lacking = checkCapabilities(plan, readCapabilities(), ["sfdisk"]);
    assert.deepEqual(lacking, []);
    diskPorts.files.allocate(path, disk.sizeBytes);
    for (const { startSector, sectorCount, content } of disk.partitions) {
      assert.ok(content.kind === "file-system" || content.kind === "swap");
      await using part = await diskPorts.attach(path, startSector * 512, sectorCount * 512);
      for (const command of makeFileSystemCommands(content, part.device)) await runCommand(command);
      const tags = run("blkid", "-p", "-o", "export", part.device);
      const type = content.kind === "swap" ? "swap" : content.type;
      assert.match(tags, new RegExp(`^TYPE=${type}$`, "m"), tags);
      assert.match(tags, new RegExp(`^UUID=${content.uuid}$`, "m"), tags);
      assert.match(tags, /^LABEL=label$/im, tags);
    }
    assert.deepEqual(loopDevicesOf(directory), []);
    assert.ok(statSync(path).blocks * 512 < 512 * mib, "it stays sparse");
  },
);

test("ext file systems of the same plan are the same but for times", asRoot, async (context) => {
  const directory = temporaryDirectory(context);
  const layout: Layout = {
    version: 1,
    disks: [
      { name: "disk", table: "gpt", partitions: [{ ...linux(64), content: { kind: "file-system", type: "ext4" } }] },
    ],
  };
  const texts: string[] = [];
  for (const name of ["one", "two"]) {
    const path = join(directory, name);
    const content = planOf(layout, 128).disks[0]?.partitions[0]?.content;
    assert.ok(content?.kind === "file-system");
    diskPorts.files.allocate(path, 64 * mib);
    for (const command of makeFileSystemCommands(content, path)) await runCommand(command);
    texts.push(
      run("dumpe2fs", path)
        .replaceAll(/^(?:.* (?:created|time|checked|lifetime|checksum)|Checksum:).*$/gim, "")
        .replaceAll(/csum 0x\w+/g, ""),
    );
  }
  assert.equal(texts[0], texts[1]);
  assert.match(texts[0] ?? "", /Directory Hash Seed/);
});

test("checkCapabilities() names what kernel and tools lack", () => {
  const content = { kind: "file-system", type: "jfs", mountPoint: "/" } as const;
  const plan = planOf(
    { version: 1, disks: [{ name: "disk", table: "gpt", partitions: [{ ...linux(64), content }] }] },
    128,
  );
  const none = {
    fileSystems: new Set<string>(),
    hasTool: () => false,
    modules: new Set<string>(),
    mapped: new Set<string>(),
  };
  assert.deepEqual(
    checkCapabilities(plan, none, ["sfdisk"]).map(({ reason, message }) => [reason, /jfs|sfdisk/.exec(message)?.[0]]),
    [
      ["missing-kernel-support", "jfs"],
      ["missing-tool", "sfdisk"],
      ["missing-tool", "jfs"],
    ],
  );
  assert.ok(readCapabilities().fileSystems.has("ext4"));
});

test(
  "attach() fails for a file that is not there, and leaves no device after its work failed",
  asRoot,
  async (context) => {
    const directory = temporaryDirectory(context);
    await assert.rejects(diskPorts.attach(join(directory, "none"), 0, mib), { code: "ENOENT" });
    const path = join(directory, "disk");
    diskPorts.files.allocate(path, 8 * mib);
    await assert.rejects(async () => {
      await using part = await diskPorts.attach(path, mib, 4 * mib);
      assert.equal(run("blockdev", "--getsize64", part.device).trim(), String(4 * mib));
      diskPorts.files.writeAt(part.device, 512, Buffer.from("here"));
      await runCommand({ command: "mke2fs", args: ["-q", "-t", "nonsense", part.device] });
    }, ToolFailedError);
    assert.deepEqual(loopDevicesOf(directory), []);
    assert.equal(readFileSync(path).toString("latin1", mib + 512, mib + 516), "here");
  },
);

test("a mount is taken down, also when something is busy in it for a while", asRoot, async (context) => {
  const directory = temporaryDirectory(context);
  const path = join(directory, "disk");
  const tree = join(directory, "tree");
  diskPorts.files.makeDirectory(tree);
  diskPorts.files.allocate(path, 64 * mib);
  run("mke2fs", "-q", "-t", "ext4", path);
  {
    await using part = await attachLoopDevice(path, 0, 64 * mib);
    await using _mount = await diskPorts.mount(part.device, tree, "ext4", []);
    const sleeper = spawn("sleep", ["0.5"], { cwd: tree, stdio: "ignore" });
    await once(sleeper, "spawn");
  }
  assert.equal(statSync(tree).dev, statSync(directory).dev);
  assert.deepEqual(loopDevicesOf(directory), []);
});

test(
  "a device is found by the file below it, also when the mounts are gone in which that was opened",
  asRoot,
  (context) => {
    const path = join(temporaryDirectory(context, "/dev/shm"), "disk");
    diskPorts.files.allocate(path, 8 * mib);
    const device = run("unshare", "--mount", "losetup", "--find", "--show", path).trim();
    try {
      assert.notEqual(readFileSync(`/sys/block/${basename(device)}/loop/backing_file`, "utf8").trim(), path);
      assert.deepEqual(loopDevicesOver(path), [device]);
    } finally {
      run("losetup", "--detach", device);
    }
  },
);

test("a device goes when the process that attached it is killed", asRoot, async (context) => {
  const directory = temporaryDirectory(context);
  const path = join(directory, "disk");
  diskPorts.files.allocate(path, 8 * mib);
  const module = join(import.meta.dirname, "loop-devices.ts");
  const script = `const { attachLoopDevice } = await import(${JSON.stringify(module)});
    await attachLoopDevice(${JSON.stringify(path)}, 0, ${mib}); process.stdout.write("attached"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  assert.equal(loopDevicesOf(directory).length, 1);
  child.kill("SIGKILL");
  await once(child, "close");
  for (let attempt = 0; attempt < 50 && loopDevicesOf(directory).length > 0; attempt++) await delay(20);
  assert.deepEqual(loopDevicesOf(directory), []);
});

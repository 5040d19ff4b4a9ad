import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { DiskFact } from "../../src/core/manifest/manifest.ts";
import { exitStatus } from "../../src/core/exit-status.ts";
import { diskPorts } from "../../src/host/disk/disk-ports.ts";
import { ensurePrivateMounts } from "../../src/host/disk/private-mounts.ts";
import { openStore } from "../../src/library/store/store.ts";
import { captureInProcess } from "../support/in-process-capture.ts";
import { pathsIn } from "../support/place.ts";
import { run as runTool } from "../support/run.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { sandbox, type Sandbox } from "./run-rehome.ts";

// Other tests make namespaces while these have disks mounted, and would keep them.
ensurePrivateMounts();

const mib = 2 ** 20;

function disk(name: string, children: readonly Pick<DiskFact, "fileSystem" | "mountPoints">[]): DiskFact {
  return {
    name,
    type: "disk",
    sizeBytes: 96 * mib,
    partitionTable: "dos",
    children: children.map((child, index) => ({
      ...child,
      name: `${name}${index + 1}`,
      type: "part",
      sizeBytes: 32 * mib,
      startSector: 2048 + index * 65_536,
      partitionType: child.fileSystem === "swap" ? "0x82" : "0x83",
    })),
  };
}

/** A place with the image `web` of a computer with two drives. */
async function withTwoDrives(context: TestContext): Promise<Sandbox> {
  const place = sandbox(context);
  const tree = join(place.directory, "tree");
  for (const folder of ["boot", "etc", "srv", "usr/bin"]) mkdirSync(join(tree, folder), { recursive: true });
  writeFileSync(join(tree, "boot/vmlinuz-6.1.0-9-amd64"), "kernel");
  writeFileSync(join(tree, "boot/initrd.img-6.1.0-9-amd64"), "initramfs");
  writeFileSync(join(tree, "etc/fstab"), "/dev/sda1 / ext4 defaults 0 1\n/dev/sdb1 /srv ext2 defaults 0 2\n");
  writeFileSync(join(tree, "srv/data"), "data of the second drive");
  assert.equal(place.run("store", "init").status, 0);
  using store = await openStore({ paths: pathsIn(place.directory) });
  await captureInProcess(store, tree, "web", {
    host: {
      kernelRelease: "6.1.0-9-amd64",
      architecture: "x86_64",
      cpuCount: 1,
      memoryBytes: 2 ** 30,
      firmware: "bios",
      networkInterfaces: [],
      disks: [
        disk("sda", [{ fileSystem: "ext4", mountPoints: ["/"] }, { fileSystem: "swap" }]),
        disk("sdb", [{ fileSystem: "ext2", mountPoints: ["/srv"] }]),
      ],
    },
  });
  return place;
}

interface Part {
  readonly start: number;
  readonly size: number;
  readonly type: string;
}

function partsOf(raw: string): readonly Part[] {
  const { partitiontable } = JSON.parse(runTool("sfdisk", "--json", raw)) as {
    readonly partitiontable: { readonly partitions: readonly Part[] };
  };
  return partitiontable.partitions;
}

/** Reads a file of the file system in a partition. */
async function readIn(raw: string, part: Part | undefined, type: string, name: string): Promise<string | undefined> {
  assert.ok(part);
  const place = `${raw}.mounted`;
  mkdirSync(place, { recursive: true });
  await using device = await diskPorts.attach(raw, part.start * 512, part.size * 512);
  await using _mount = await diskPorts.mount(device.device, place, type, ["ro"]);
  const path = join(place, name);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

test(
  "disk build writes each drive of the image to a file of its own, of the size that is given for it",
  asRoot,
  async (t) => {
    const { directory, run, document } = await withTwoDrives(t);
    const lacking = run("disk", "build", "web", "-o", "sda=a.raw");
    assert.equal(lacking.status, exitStatus.usage);
    assert.match(lacking.stderr, /cannot write the disk "sdb": no -o is given for it/);

    const words = ["-o", "sdb=b.raw", "-o", "sda=a.raw", "--size", "sda=160MiB", "--size", "sdb=64MiB"];
    const { status, document: built } = document("disk", "build", "web", ...words, "--skip", "initramfs");
    assert.equal(status, 0);
    const { disks } = built as { readonly disks: readonly { readonly disk: string; readonly fileBytes: number }[] };
    const sizes = Object.fromEntries(disks.map((each) => [each.disk, each.fileBytes]));
    assert.deepEqual(sizes, { sda: 160 * mib, sdb: 64 * mib });
    const [a, b] = [join(directory, "a.raw"), join(directory, "b.raw")];
    const [root, swap] = partsOf(a);
    const [data] = partsOf(b);
    assert.deepEqual([swap?.type, partsOf(b).length], ["82", 1]);
    const fstab = await readIn(a, root, "ext4", "etc/fstab");
    assert.match(fstab ?? "", /^UUID=\S+ \/ ext4 defaults 0 1\nUUID=\S+ \/srv ext2 defaults 0 2\n/);
    assert.equal(await readIn(a, root, "ext4", "srv/data"), undefined);
    assert.equal(await readIn(b, data, "ext2", "data"), "data of the second drive");
  },
);

test(
  "disk build divides each drive as its desc file says, and refuses one that does not fit the image",
  asRoot,
  async (t) => {
    const { directory, run } = await withTwoDrives(t);
    writeFileSync(join(directory, "desc.a"), "linux 100\nswap fill\n");
    writeFileSync(join(directory, "desc.b"), "linux 48\n");
    const words = ["-o", "sda=a.raw", "-o", "sdb=b.raw", "--size", "sda=160MiB", "--size", "sdb=64MiB"];
    const descs = (a: string, b: string): string[] => ["--desc", `sda=${a}`, "--desc", `sdb=${b}`];
    const swapped = run("disk", "build", "web", ...words, ...descs("desc.b", "desc.a"));
    assert.equal(swapped.status, exitStatus.refused);
    assert.match(swapped.stderr, /^rehome: cannot .*1.*2/m, swapped.stderr);
    assert.ok(!existsSync(join(directory, "a.raw")));

    const built = run("disk", "build", "web", ...words, ...descs("desc.a", "desc.b"), "--skip", "initramfs");
    assert.equal(built.status, 0, built.stderr);
    const [a, b] = [join(directory, "a.raw"), join(directory, "b.raw")];
    assert.deepEqual(
      [...partsOf(a), ...partsOf(b)].map(({ type, size }) => [type, Math.round((size * 512) / mib)]),
      [
        ["83", 100],
        ["82", 59],
        ["83", 48],
      ],
    );
    assert.equal(await readIn(b, partsOf(b)[0], "ext2", "data"), "data of the second drive");
  },
);

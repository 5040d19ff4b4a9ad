import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { diskPorts } from "../../src/host/disk/disk-ports.ts";
import { loopDevicesOf } from "../../src/host/disk/loop-devices.ts";
import { ensurePrivateMounts } from "../../src/host/disk/private-mounts.ts";
import { readMounts } from "../../src/host/file-systems.ts";
import { buildDiskAsJob, captureAsJob, convertAsJob, prepareAsJob } from "../../src/index.ts";
import { run } from "../support/run.ts";
import { testTimes } from "../support/seed.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { JobCrashes, ways, type JobCase } from "./job-crashes.ts";
import type { Scene } from "./job-sight.ts";

// Other tests make namespaces while these have disks mounted, and would keep them.
ensurePrivateMounts();

const mib = 2 ** 20;
const layout = `version: 1
disks:
  - {table: mbr, partitions: [{size: fill, fileSystem: ext2, mount: /}]}
`;

/** A system without programs, whose fstab names an old disk. */
function writeSystem(tree: string): void {
  for (const folder of ["boot", "etc", "usr/bin"]) mkdirSync(join(tree, folder), { recursive: true });
  writeFileSync(join(tree, "boot/vmlinuz-6.1.0-9-amd64"), "kernel");
  writeFileSync(join(tree, "boot/initrd.img-6.1.0-9-amd64"), "initramfs");
  writeFileSync(join(tree, "etc/fstab"), "/dev/sda1 / ext4 defaults 0 1\n");
  writeFileSync(join(tree, "etc/hostname"), "web\n");
  writeFileSync(join(tree, "etc/machine-id"), "0123456789abcdef0123456789abcdef\n");
  writeFileSync(join(tree, "usr/bin/tool"), "x".repeat(200_000));
  settle(tree);
}

/** Gives everything times that copies keep. */
function settle(tree: string): void {
  run("find", tree, "-exec", "touch", "--no-dereference", "--date=2022-01-01", "{}", "+");
}

const diskIn = ({ tree }: Scene): string => join(tree, "../disk.raw");

/** What is on the disk; nothing of a build may be attached or mounted. */
async function readDisk(scene: Scene): Promise<unknown> {
  const directory = join(scene.tree, "..");
  assert.deepEqual(loopDevicesOf(directory), []);
  assert.deepEqual(
    readMounts().filter(({ mountPoint }) => mountPoint.startsWith(`${directory}/`)),
    [],
  );
  const path = diskIn(scene);
  if (!existsSync(path)) return undefined;
  await using part = await diskPorts.attach(path, mib, 63 * mib);
  const place = join(directory, "state/mounted");
  mkdirSync(place, { recursive: true });
  await using _mount = await diskPorts.mount(part.device, place, "ext2", ["ro"]);
  return {
    table: run("sfdisk", "--dump", path).replaceAll(path, "disk"),
    tree: snapshotTree(place),
    code: readFileSync(path).toString("latin1", 0, mib),
  };
}

const cases: Readonly<Record<string, JobCase>> = {
  "a build of a disk": {
    async prepare({ paths, tree }) {
      writeSystem(tree);
      writeFileSync(join(paths.stateDirectory, "layout.yaml"), layout);
      await captureAsJob(`${tree}/`, { paths, name: "web" });
    },
    run: (scene, options) =>
      buildDiskAsJob("web", {
        ...options,
        outputs: [diskIn(scene)],
        layout: join(scene.paths.stateDirectory, "layout.yaml"),
        sizes: ["64MiB"],
        uuidSeed: "crash",
        prepare: { skip: ["initramfs"] },
      }),
    more: readDisk,
    places: 5 * testTimes,
  },
  "a conversion of a disk": {
    prepare({ tree }) {
      writeFileSync(join(tree, "a.raw"), Buffer.alloc(mib, "start"));
      settle(tree);
      return Promise.resolve();
    },
    run: ({ tree }, options) => convertAsJob(join(tree, "a.raw"), join(tree, "../b.qcow2"), options),
    more({ tree }) {
      const path = join(tree, "../b.qcow2");
      return Promise.resolve(existsSync(path) ? run("qemu-img", "compare", join(tree, "a.raw"), path) : undefined);
    },
    places: 8 * testTimes,
  },
};

for (const [what, jobCase] of Object.entries(cases))
  for (const [way, work] of Object.entries(ways))
    test(`the job of ${what} ${way}, wherever it died`, asRoot, async (t: TestContext) => {
      await work(await JobCrashes.of(t, jobCase));
    });

/** The tree lies beside that of the scene: what is written anew has other times. */
const systemIn = ({ tree }: Scene): string => join(tree, "../web");

const prepareCase: JobCase = {
  prepare(scene) {
    writeSystem(systemIn(scene));
    settle(scene.tree);
    return Promise.resolve();
  },
  run: (scene, options) =>
    prepareAsJob(systemIn(scene), {
      ...options,
      identity: "reset",
      fresh: "first-boot",
      hostname: "shop",
      skip: ["initramfs"],
    }),
  more: (scene) =>
    Promise.resolve(snapshotTree(systemIn(scene)).map(({ mtimeNs: _mtime, ...entry }) => JSON.stringify(entry))),
};

for (const way of ["is resumed", "is undone"] as const)
  test(`the job of a preparation ${way}, wherever it died`, asRoot, async (t: TestContext) => {
    await ways[way]?.(await JobCrashes.of(t, prepareCase));
  });

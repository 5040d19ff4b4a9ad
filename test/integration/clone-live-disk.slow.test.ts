import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ensurePrivateMounts } from "../../src/host/disk/private-mounts.ts";
import { kill, large, LiveLab, statusOf } from "../support/live-lab.ts";
import { loopDevice } from "../support/loop-device.ts";
import { testPlace } from "../support/place.ts";
import { run } from "../support/run.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

// Other tests make namespaces while these have disks mounted, and would keep them.
ensurePrivateMounts();

const layout = `version: 1
disks:
  - name: sda
    table: gpt
    partitions:
      - {type: bios-boot, size: 1MiB}
      - {size: minimum, fileSystem: ext4, mount: /}
`;

/** A session, and a node with a disk; the device, and the file that it writes to. */
function makeLab(context: TestContext, lingerMs?: number) {
  const lab = new LiveLab(context, 2, { layout, ...(lingerMs !== undefined && { lingerMs }) });
  const file = join(testPlace(context, "/dev/shm").directory, "node.disk");
  const disk = loopDevice(context, file, 512 * 2 ** 20);
  return { lab, disk, file };
}

/** A large file of the system has reached the disk. */
function isOnDisk(lab: LiveLab, file: string): boolean {
  const head = Buffer.alloc(4096);
  const source = openSync(join(lab.tree, "b-large-1"), "r");
  try {
    readSync(source, head, 0, head.length, 0);
  } finally {
    closeSync(source);
  }
  return readFileSync(file).includes(head);
}

function diskIdOf(device: string): string {
  return run("sfdisk", "--disk-id", device).trim();
}

/** What the second partition of a disk holds. */
function treeOn(lab: LiveLab, device: string): ReturnType<typeof snapshotTree> {
  const { partitiontable } = JSON.parse(run("sfdisk", "--json", device)) as {
    readonly partitiontable: { readonly partitions: readonly { readonly start: number; readonly size: number }[] };
  };
  const [, root] = partitiontable.partitions;
  assert.ok(root);
  const place = mkdtempSync(join(lab.directory, "look-"));
  run("mount", "-o", `ro,loop,offset=${root.start * 512},sizelimit=${root.size * 512}`, device, place);
  try {
    return snapshotTree(place).filter(({ path }) => path !== "lost+found");
  } finally {
    run("umount", place);
    rmdirSync(place);
  }
}

test(
  "a disk is divided and written while a system is captured; its node is killed, and goes on",
  asRoot,
  async (context) => {
    const { lab, disk, file } = makeLab(context);
    const golden = lab.serve();
    const killed = await lab.joinApart("d1", { disk });
    const n2 = await lab.joinApart("n2");
    await lab.until(() => lab.hasWritten("n2") && isOnDisk(lab, file));
    await kill(killed);
    const id = diskIdOf(disk);
    const d1 = await lab.joinApart("d1", { disk });
    await lab.until(() => lab.records.filter((line) => line === "d1: Restore").length === 2);
    assert.ok(!lab.records.includes("captured"));
    lab.open();
    assert.deepEqual(await Promise.all([d1, n2, golden].map(statusOf)), [0, 0, 0]);
    assert.equal(diskIdOf(disk), id);
    assert.deepEqual(treeOn(lab, disk), snapshotTree(lab.target("n2")));
  },
);

test("a disk is divided anew for what a golden node captures anew", asRoot, async (context) => {
  const { lab, disk, file } = makeLab(context);
  const killed = lab.serve();
  const d1 = await lab.joinApart("d1", { disk });
  const n2 = await lab.joinApart("n2");
  await lab.until(() => isOnDisk(lab, file));
  await kill(killed);
  assert.ok(!lab.records.includes("captured"));
  const id = diskIdOf(disk);
  rmSync(join(lab.tree, "b-large-1"));
  writeFileSync(join(lab.tree, "a/small-3"), "other");
  lab.open();
  const golden = lab.serve();
  assert.deepEqual(await Promise.all([d1, n2, golden].map(statusOf)), [0, 0, 0]);
  assert.notEqual(diskIdOf(disk), id);
  assert.deepEqual(treeOn(lab, disk), snapshotTree(lab.tree));
});

test(
  "a disk that has no room for what was captured in the end fails alone, and is divided anew",
  asRoot,
  async (context) => {
    const { lab, disk, file } = makeLab(context, 20_000);
    const golden = lab.serve();
    const failing = await lab.joinApart("d1", { disk });
    const n2 = await lab.joinApart("n2");
    await lab.until(() => isOnDisk(lab, file));
    // What is kept free does not hold it.
    appendFileSync(join(lab.tree, `b-large-${large - 1}`), randomBytes(120_000_000));
    const id = diskIdOf(disk);
    lab.open();
    assert.notEqual(await statusOf(failing), 0);
    assert.match(lab.records[lab.records.indexOf("verdict d1") - 1] ?? "", /^reason .*ENOSPC/);
    await lab.until(() => lab.records.includes("captured"));
    const again = await lab.joinApart("d1", { disk });
    assert.deepEqual(await Promise.all([again, n2, golden].map(statusOf)), [0, 0, 0]);
    assert.notEqual(diskIdOf(disk), id);
    assert.deepEqual(treeOn(lab, disk), snapshotTree(lab.target("n2")));
  },
);

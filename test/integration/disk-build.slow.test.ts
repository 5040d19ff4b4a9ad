import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { armCrashPoints } from "../../src/core/crash-points.ts";
import { ensurePrivateMounts } from "../../src/host/disk/private-mounts.ts";
import { diskPorts } from "../../src/host/disk/disk-ports.ts";
import { loopDevicesOf } from "../../src/host/disk/loop-devices.ts";
import { readMounts } from "../../src/host/file-systems.ts";
import { buildDisk, buildSteps, undoBuild } from "../../src/system/disk/build/build-steps.ts";
import { DiskNotCleanError } from "../../src/system/disk/build/check-tree.ts";
import { mountTree, requireRealPath } from "../../src/system/disk/build/mounted-tree.ts";
import type { BuildRequest } from "../../src/system/disk/build/request.ts";
import { LayoutRefusedError } from "../../src/system/disk/layout/errors.ts";
import { copying, requestIn, smallLayout as layout, smallOptions, smallTree, sourceOf } from "../support/built-disk.ts";
import { assertEqualTrees } from "../support/lab.ts";
import { run } from "../support/run.ts";
import { randomNumbers, testSeed } from "../support/seed.ts";
import { asRoot, temporaryDirectory } from "../support/temporary-directory.ts";

// Other tests make namespaces while these have disks mounted, and would keep them.
ensurePrivateMounts();

/** Many small disks are written and thrown away; they need not reach a real one. */
const memory = "/dev/shm";

/** The kernel takes devices down a moment after their last user, who may be somebody else that looks at all devices. */
async function assertNothingLeft(directory: string): Promise<void> {
  for (let attempt = 0; attempt < 100 && loopDevicesOf(directory).length > 0; attempt++) await delay(50);
  assert.deepEqual(loopDevicesOf(directory), []);
  assert.deepEqual(
    readMounts().filter(({ mountPoint }) => mountPoint.startsWith(`${directory}/`)),
    [],
  );
}

/** Everything that has to be equal for the same image and seed: table, boot code, tree and boot partition. */
async function describeDisk(request: BuildRequest, copyTo: string): Promise<string> {
  const path = request.paths.get("disk") ?? "";
  const table = run("sfdisk", "--dump", path).replaceAll(path, "disk");
  await using tree = await mountTree(request, diskPorts);
  mkdirSync(copyTo);
  run("cp", "-a", `${tree.directory}/.`, copyTo);
  const esp = request.plan.disks[0]?.partitions[1];
  const code = readFileSync(path)
    .subarray(0, 2 * 2 ** 20)
    .toString("latin1");
  const inEsp = run("mdir", "-b", "-/", "-i", `${path}@@${(esp?.startSector ?? 0) * 512}`, "::/");
  const loader = run("mtype", "-i", `${path}@@${(esp?.startSector ?? 0) * 512}`, "::/EFI/BOOT/BOOTX64.EFI");
  return [table, code, inEsp, loader].join("\n");
}

test(
  "buildDisk() puts a tree on a disk that names itself by UUID, the same for the same seed",
  asRoot,
  async (context) => {
    const tree = smallTree(context);
    const directory = temporaryDirectory(context, memory);
    const copies: string[] = [];
    const descriptions: string[] = [];
    for (const name of ["one", "two"]) {
      const place = join(directory, name);
      const request = requestIn(context, place, layout, smallOptions);
      await buildDisk(request, copying(tree), diskPorts);
      await assertNothingLeft(place);
      assert.ok(statSync(join(place, "disk.raw")).blocks * 512 < 200 * 2 ** 20, "it stays sparse");
      copies.push(join(place, "copy"));
      descriptions.push(await describeDisk(request, join(place, "copy")));
      const root = request.plan.disks[0]?.partitions[2]?.content;
      const swap = request.plan.disks[0]?.partitions[3]?.content;
      assert.ok(root && "uuid" in root && swap && "uuid" in swap);
      const fstab = readFileSync(join(place, "copy/etc/fstab"), "utf8").split("\n");
      assert.equal(fstab[0], `UUID=${root.uuid} / ext4 errors=remount-ro 0 1`);
      assert.equal(fstab[1], `UUID=${swap.uuid} none swap sw 0 0`);
      assert.equal(fstab[2], "tmpfs /tmp tmpfs size=1G 0 0");
      assert.match(fstab[3] ?? "", /^UUID=[0-9A-F]{4}-[0-9A-F]{4} \/boot\/efi vfat umask=0077 0 2$/);
      assert.match(fstab[4] ?? "", /^UUID=\S+ \/srv xfs defaults 0 0$/);
      const entry = readFileSync(join(place, "copy/boot/grub/grub.cfg"), "utf8");
      assert.match(entry, new RegExp(`linux /boot/vmlinuz-6.1.0-9-amd64 root=UUID=${root.uuid} ro console=ttyS0`));
      assert.deepEqual(readdirSync(join(place, "copy/boot/efi")), [], "it lies in the vfat");
      assert.match(descriptions.at(-1) ?? "", /::\/EFI\/debian\/notes\.txt/);
      const offset = (request.plan.disks[0]?.partitions[2]?.startSector ?? 0) * 512;
      run("e2fsck", "-fn", `${join(place, "disk.raw")}?offset=${offset}`);
    }
    assert.equal(descriptions[0], descriptions[1]);
    const [one = "", two = ""] = copies;
    for (const path of [one, two])
      run("rm", "-rf", join(path, "lost+found"), join(path, "boot/grub"), join(path, "etc/fstab"));
    run("rm", "-rf", join(tree, "boot/efi/EFI"), join(tree, "etc/fstab"));
    // What was changed on the way leaves its traces in the times of directories.
    for (const path of [tree, one, two])
      run("touch", "-d", "@0", path, join(path, "boot"), join(path, "boot/efi"), join(path, "etc"));
    assertEqualTrees(tree, one);
    assertEqualTrees(one, two);
  },
);

test(
  "buildDisk() dies at every crash point, leaves no mount and no device, and goes on or is undone",
  asRoot,
  async (context) => {
    const tree = smallTree(context);
    const directory = temporaryDirectory(context, memory);
    const inPlace = (name: string): BuildRequest => requestIn(context, join(directory, name), layout, smallOptions);
    const passed: string[] = [];
    armCrashPoints((name) => passed.push(name));
    context.after(() => armCrashPoints(undefined));
    const whole = inPlace("whole");
    await buildDisk(whole, copying(tree), diskPorts);
    armCrashPoints(undefined);
    const expected = await describeDisk(whole, join(directory, "whole/copy"));
    assert.ok(passed.length > 12, passed.join());

    for (const at of passed.keys()) {
      const request = inPlace(`crash-${at}`);
      const place = join(directory, `crash-${at}`);
      let count = 0;
      armCrashPoints(() => {
        if (count++ === at) throw new RangeError("crash");
      });
      const steps = buildSteps(request, copying(tree), diskPorts);
      let failedAt = steps.length;
      for (const [index, step] of steps.entries()) {
        try {
          await step.run();
          if (count > at) continue;
          count += 1; // the point that buildDisk() has after each step
          if (count > at) throw new RangeError("crash");
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
          failedAt = index;
          break;
        }
      }
      armCrashPoints(undefined);
      await assertNothingLeft(place);
      if (at % 3 === 2) {
        await undoBuild(request, diskPorts);
        await undoBuild(request, diskPorts);
        assert.deepEqual(readdirSync(place), []);
        continue;
      }
      for (const step of steps.slice(failedAt)) await step.run();
      await assertNothingLeft(place);
      assert.equal(await describeDisk(request, join(place, "copy")), expected, `crash at ${passed[at] ?? ""}`);
      run("rm", "-rf", place);
    }
  },
);

test(
  "buildDisk() refuses a tree that leads out of itself, and one that still names old disks",
  asRoot,
  async (context) => {
    const directory = temporaryDirectory(context, memory);
    const cases: readonly (readonly [string, (tree: string) => void, RegExp])[] = [
      ["fat", (tree) => symlinkSync("/etc/shadow", join(tree, "boot/efi/x")), /"\/boot\/efi\/x" is a symlink/],
      [
        "crypttab",
        (tree) => writeFileSync(join(tree, "etc/crypttab"), "data /dev/sdc1 none luks\n"),
        /etc\/crypttab \(\/dev\/sdc1\)/,
      ],
      ["kernel", (tree) => run("rm", join(tree, "boot/vmlinuz-6.1.0-9-amd64")), /no kernel/],
    ];
    for (const [name, change, pattern] of cases) {
      const tree = smallTree(context);
      change(tree);
      const place = join(directory, name);
      const request = requestIn(context, place, layout, smallOptions);
      const source = sourceOf((into) => {
        run("sh", "-c", `tar -C "${tree}" -c . | tar -C "${into}" -x --keep-directory-symlink --overwrite`);
        return Promise.resolve();
      });
      await assert.rejects(buildDisk(request, source, diskPorts), (error: unknown) => {
        assert.match(String(error), pattern);
        return name !== "crypttab" || error instanceof DiskNotCleanError;
      });
      await assertNothingLeft(place);
    }
  },
);

test("requireRealPath() refuses symlinks and files on the way to a mount point", asRoot, (context) => {
  const tree = temporaryDirectory(context);
  mkdirSync(join(tree, "real/deep"), { recursive: true });
  symlinkSync("/tmp", join(tree, "link"));
  symlinkSync("/tmp", join(tree, "real/link"));
  writeFileSync(join(tree, "file"), "");
  using files = diskPorts.openTree(tree);
  for (const path of ["/real", "/real/deep", "/real/new", "/new/one"]) requireRealPath(files, path);
  for (const path of ["/link", "/link/x", "/real/link", "/real/link/x", "/file", "/file/x"])
    assert.throws(() => requireRealPath(files, path), LayoutRefusedError);
});

test("a build that is killed leaves no mount and no device, and can be done again", asRoot, async (context) => {
  const tree = smallTree(context);
  const directory = temporaryDirectory(context, memory);
  const whole = requestIn(context, join(directory, "whole"), layout, smallOptions);
  const passed: string[] = [];
  armCrashPoints((name) => passed.push(name));
  context.after(() => armCrashPoints(undefined));
  await buildDisk(whole, copying(tree), diskPorts);
  armCrashPoints(undefined);
  const expected = await describeDisk(whole, join(directory, "whole/copy"));
  const random = randomNumbers(testSeed);
  context.diagnostic(`REHOME_TEST_SEED=${testSeed}`);
  for (const _ of [1, 2]) {
    const at = Math.floor(random() * passed.length);
    const place = join(directory, `killed-${at}`);
    const { status, signal, stderr } = spawnSync(process.execPath, [child, place, tree, String(at)], {
      encoding: "utf8",
    });
    assert.deepEqual([status, signal], [null, "SIGKILL"], stderr);
    await assertNothingLeft(place);
    const request = requestIn(context, place, layout, smallOptions);
    await buildDisk(request, copying(tree), diskPorts);
    await assertNothingLeft(place);
    assert.equal(await describeDisk(request, join(place, "copy")), expected, `killed at ${passed[at] ?? ""}`);
    run("rm", "-rf", place);
  }
});

const child = join(import.meta.dirname, "../support/disk-build-child.ts");

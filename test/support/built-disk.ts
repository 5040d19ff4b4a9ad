import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { BuildRequest, BuildSource } from "../../src/system/disk/build/request.ts";
import type { Layout } from "../../src/system/disk/layout/layout.ts";
import { planDisks } from "../../src/system/disk/plan/plan-disk.ts";
import { seededUuids } from "../../src/system/disk/plan/uuids.ts";
import type { UsageByMountPoint } from "../../src/system/disk/plan/disk-room.ts";
import type { Firmware } from "../../src/system/disk/plan/layout-check.ts";
import { findStaleReferences, findSuccessions, rewriteFstab } from "../../src/system/prepare/references/index.ts";
import { readLayout } from "../../src/system/disk/layout/yaml/read-layout.ts";
import { atEnd } from "./at-end.ts";
import { run } from "./run.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A disk with everything that a build treats in a way of its own. */
export const smallLayout: Layout = readLayout(
  `version: 1
disks:
  - table: gpt
    partitions:
      - {type: bios-boot, size: 1MiB}
      - {type: esp, size: 40MiB}
      - {size: fill, fileSystem: ext4, mount: /}
      - {fileSystem: swap, size: 8MiB}
      - {size: 320MiB, fileSystem: xfs, mount: /srv}
`,
  "small.yaml",
);

/** What {@link smallLayout} is planned with. */
export const smallOptions: { readonly sizeMib: number; readonly firmware: readonly Firmware[] } = {
  sizeMib: 700,
  firmware: ["bios", "uefi"],
};

/** A tree with what a build looks for; no kernel that runs. */
export function smallTree(context: TestContext): string {
  const tree = temporaryDirectory(context);
  for (const folder of ["boot/efi/EFI/debian", "etc", "srv/data", "usr/bin"])
    mkdirSync(join(tree, folder), { recursive: true });
  const files: Record<string, string> = {
    "boot/vmlinuz-6.1.0-9-amd64": "kernel",
    "boot/initrd.img-6.1.0-9-amd64": "initramfs",
    "boot/efi/EFI/debian/notes.txt": "kept",
    "etc/fstab":
      "UUID=4e987291-e13e-4614-bdc8-05863173e2c2 / ext4 errors=remount-ro 0 1\n/dev/sda2 none swap sw 0 0\ntmpfs /tmp tmpfs size=1G 0 0\n",
    "etc/os-release": "ID=debian\n",
    "srv/data/file": "data",
    "usr/bin/tool": "x".repeat(100_000),
  };
  for (const [path, content] of Object.entries(files)) writeFileSync(join(tree, path), content);
  symlinkSync("/etc/fstab", join(tree, "usr/link"));
  return tree;
}

/** Restores by copying a directory. */
export function copying(tree: string): BuildSource {
  return sourceOf((into) => {
    run("cp", "-a", `${tree}/.`, into);
    return Promise.resolve();
  });
}

/** What is asked of a build. */
interface RequestOptions {
  readonly sizeMib: number;
  readonly firmware: readonly Firmware[];
  readonly usage?: UsageByMountPoint;
}

/** Builds into files of `directory`, one for each disk. */
export function requestFor(directory: string, layout: Layout, options: RequestOptions): BuildRequest {
  const workDirectory = join(directory, "work");
  mkdirSync(workDirectory, { recursive: true });
  const { sizeMib, firmware, usage = new Map() } = options;
  const sizes = new Map(layout.disks.map(({ name }) => [name, sizeMib * 2 ** 20]));
  return {
    plan: planDisks(layout, { sizes, firmware, usage, uuids: seededUuids("test") }),
    paths: new Map(layout.disks.map(({ name }) => [name, join(directory, `${name}.raw`)])),
    firmware,
    workDirectory,
    systemName: "Test",
    hasSerialConsole: true,
  };
}

/** As {@link requestFor}; what is still mounted is unmounted after the test. */
export function requestIn(
  context: TestContext,
  directory: string,
  layout: Layout,
  options: RequestOptions,
): BuildRequest {
  atEnd(context, () => void spawnSync("umount", ["-R", join(directory, "work/tree")], { stdio: "ignore" }));
  return requestFor(directory, layout, options);
}

/** A tree written by `restore`, whose fstab then names the new file systems. */
export function sourceOf(restore: BuildSource["restore"]): BuildSource {
  return {
    restore,
    prepare(tree, created) {
      const path = join(tree, "etc/fstab");
      const fstab = readFileSync(path, "latin1");
      writeFileSync(
        path,
        rewriteFstab(fstab, findSuccessions({ fstab, disks: [] }, created.fileSystems), created.fileSystems).text,
        "latin1",
      );
      return Promise.resolve();
    },
    findStale: (text) => findStaleReferences(text, []),
    // oxlint-disable-next-line require-yield -- none is asked for
    async *readStream() {
      assert.fail("no disk here has a stream");
    },
    verify: () => Promise.resolve(),
    finish: () => undefined,
  };
}

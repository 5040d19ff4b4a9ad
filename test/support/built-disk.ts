import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { BuildRequest, BuildSource } from "../../src/system/disk/build/request.ts";
import type { Layout } from "../../src/system/disk/layout/layout.ts";
import { planDisks } from "../../src/system/disk/plan/plan-disk.ts";
import { seededUuids } from "../../src/system/disk/plan/uuids.ts";
import type { UsageByMountPoint } from "../../src/system/disk/plan/disk-room.ts";
import type { Firmware } from "../../src/system/disk/plan/layout-check.ts";
import { findStaleReferences, findSuccessions, rewriteFstab } from "../../src/system/prepare/references/index.ts";
import { atEnd } from "./at-end.ts";

/** Builds into a file `disk.raw` of `directory`; whatever is mounted is unmounted after the test. */
export function requestIn(
  context: TestContext,
  directory: string,
  layout: Layout,
  options: { readonly sizeMib: number; readonly firmware: readonly Firmware[]; readonly usage?: UsageByMountPoint },
): BuildRequest {
  const workDirectory = join(directory, "work");
  mkdirSync(workDirectory, { recursive: true });
  atEnd(context, () => void spawnSync("umount", ["-R", join(workDirectory, "tree")], { stdio: "ignore" }));
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

/** A tree written by `restore`, whose fstab then names the new file systems. */
export function sourceOf(restore: BuildSource["restore"]): BuildSource {
  return {
    restore,
    prepare(tree, created) {
      const path = join(tree, "etc/fstab");
      const fstab = readFileSync(path, "latin1");
      writeFileSync(path, rewriteFstab(fstab, findSuccessions({ fstab, disks: [] }, created), created).text, "latin1");
      return Promise.resolve();
    },
    findStale: (text) => findStaleReferences(text, []),
  };
}

import { randomUUID } from "node:crypto";
import { parseSize } from "../../core/size.ts";
import { LayoutRefusedError } from "../../system/disk/layout/errors.ts";
import { mountPointsOf, type DiskLayout, type Layout } from "../../system/disk/layout/layout.ts";
import { smallestDiskBytes, type UsageByMountPoint } from "../../system/disk/plan/disk-room.ts";
import type { DiskPlan } from "../../system/disk/plan/disk-plan.ts";
import type { Firmware } from "../../system/disk/plan/layout-check.ts";
import { planDisks } from "../../system/disk/plan/plan-disk.ts";
import { seededUuids } from "../../system/disk/plan/uuids.ts";
import { withMinimums } from "../../system/disk/stack/stack-room.ts";
import { measureUsage } from "../../system/disk/source/measure-usage.ts";
import { listEntries } from "../images/images.ts";
import type { StoreOptions } from "../store/store.ts";
import { assignToDisks } from "./per-disk.ts";

/** What a layout is planned for. */
export interface LayoutPlanOptions {
  /** `SIZE` or `DISK=SIZE`; a disk without one gets the smallest that holds its layout. */
  readonly sizes?: readonly string[];
  readonly firmware?: readonly Firmware[];
  readonly usage?: UsageByMountPoint;
  /** UUIDs that the layout does not give are made from this; at random by default. */
  readonly uuidSeed?: string;
}

/** Decides where everything of a layout would lie. @throws {LayoutRefusedError} With everything that is in the way. @throws {UsageError} */
export function planLayout(layout: Layout, options: LayoutPlanOptions = {}): DiskPlan {
  const { sizes = [], firmware = [], usage = new Map(), uuidSeed = randomUUID() } = options;
  const names = layout.disks.map(({ name }) => name);
  const given = assignToDisks(sizes, names, "--size");
  const all = withMinimums(layout, usage).disks.map((disk): readonly [string, number] => {
    const size = given.get(disk.name);
    return [disk.name, size === undefined ? smallestSize(disk, usage) : parseSize(size)];
  });
  return planDisks(layout, { sizes: new Map(all), firmware, usage, uuids: seededUuids(uuidSeed) });
}

/** The smallest disk for a layout. @throws {LayoutRefusedError} If percentages leave no room for the rest, whatever the size. */
export function smallestSize(disk: DiskLayout, usage: UsageByMountPoint): number {
  const sizeBytes = smallestDiskBytes(disk, usage);
  if (sizeBytes !== undefined) return sizeBytes;
  const message = `no size of disk "${disk.name}" is enough: percentages leave no room for the rest`;
  throw new LayoutRefusedError([{ reason: "table", disk: disk.name, message }]);
}

/** What an image takes in the file systems of a layout. */
export async function usageOfImage(
  image: string,
  layout: Layout,
  options: StoreOptions = {},
): Promise<UsageByMountPoint> {
  return await measureUsage(listEntries(image, "", options), [...new Set(["/", ...mountPointsOf(layout)])]);
}

import { existsSync } from "node:fs";
import { UsageError } from "../../core/errors.ts";
import type { StreamFact } from "../../core/manifest/manifest.ts";
import { readCapabilities } from "../../host/disk/capabilities.ts";
import { LayoutRefusedError, type Refusal } from "../../system/disk/layout/errors.ts";
import type { Layout } from "../../system/disk/layout/layout.ts";
import { checkCapabilities } from "../../system/disk/plan/check-capabilities.ts";
import type { DiskPlan } from "../../system/disk/plan/disk-plan.ts";
import type { Firmware } from "../../system/disk/plan/layout-check.ts";
import { planDisks, type PlanTarget } from "../../system/disk/plan/plan-disk.ts";
import { chooseDevices, type DiskTarget } from "./disk-target.ts";

const grubPlatforms: Readonly<Record<Firmware, string>> = { bios: "i386-pc", uefi: "x86_64-efi" };

/** What a layout is planned with, wherever it is written. */
export type PlaceOptions = Omit<PlanTarget, "sizes" | "sectorBytes">;

/** A layout on devices of this host. */
export interface PlannedDevices {
  readonly plan: DiskPlan;
  readonly targets: readonly DiskTarget[];
  /** What lies on the devices now and would be lost, by device. */
  readonly erases: ReadonlyMap<string, readonly string[]>;
}

/**
 * Decides where everything of a layout lies on devices of this host, as large as these are. Changes nothing.
 *
 * @throws {LayoutRefusedError} With everything that is in the way. @throws {DeviceRefusedError} @throws {UsageError}
 */
export async function planOnDevices(
  layout: Layout,
  {
    devices,
    mayErase,
    firmware,
    usage,
    uuids,
  }: PlaceOptions & { readonly devices: readonly string[]; readonly mayErase: readonly string[] },
): Promise<PlannedDevices> {
  const names = layout.disks.map(({ name }) => name);
  const chosen = await chooseDevices(devices, mayErase, names);
  const targets = chosen.map(({ target }) => target);
  const sectors = new Set(chosen.map(({ facts }) => facts.sectorBytes));
  if (sectors.size > 1)
    throw new UsageError("cannot build on devices with sectors of different sizes", "Take devices of one kind.");
  const [sectorBytes] = sectors;
  const sizes = new Map(chosen.map(({ target, facts }) => [target.disk, facts.sizeBytes] as const));
  const plan = planDisks(layout, { sizes, firmware, usage, uuids, ...(sectorBytes !== undefined && { sectorBytes }) });
  assertNothingLacks(plan, targets, firmware);
  return { plan, targets, erases: new Map(chosen.map(({ target, facts }) => [target.path, facts.signatures])) };
}

/** A partition for a captured stream has room for it. @throws {LayoutRefusedError} If the image, whose streams are given, has no such one. */
export function roomForStreams(layout: Layout, streams: readonly Pick<StreamFact, "name" | "sizeBytes">[]): Layout {
  const disks = layout.disks.map((disk) => ({
    ...disk,
    partitions: disk.partitions.map((partition) => {
      const { content, minimumBytes = 0 } = partition;
      if (content?.kind !== "raw") return partition;
      const stream = streams.find(({ name }) => name === content.stream);
      if (stream !== undefined) return { ...partition, minimumBytes: Math.max(minimumBytes, stream.sizeBytes) };
      const message = `the image has no raw stream "${content.stream}", and a partition is to hold it`;
      throw new LayoutRefusedError([{ reason: "content", disk: disk.name, message }]);
    }),
  }));
  return { ...layout, disks };
}

/** The firmware that a layout is made for. */
export function firmwareFor({ disks }: Layout): readonly Firmware[] {
  const has = (type: string): boolean => disks.some(({ partitions }) => partitions.some((each) => each.type === type));
  const found: Firmware[] = [];
  if (disks[0]?.table === "mbr" || has("bios-boot") || !has("esp")) found.push("bios");
  if (has("esp")) found.push("uefi");
  return found;
}

/** Refuses a plan that this host has not what is needed for, or that is not known to start. @throws {LayoutRefusedError} */
export function assertNothingLacks(
  plan: DiskPlan,
  targets: readonly DiskTarget[],
  firmware: readonly Firmware[],
): void {
  const formats = targets.flatMap((target) => (target.kind === "file" ? [target.format] : []));
  const tools = [
    "sfdisk",
    "mount",
    "umount",
    "unshare",
    "grub-mkimage",
    ...(formats.some((format) => format !== "raw") ? ["qemu-img"] : []),
    ...(formats.includes("ova") ? ["tar", "sha256sum"] : []),
  ];
  const grub = firmware
    .map((kind) => `/usr/lib/grub/${grubPlatforms[kind]}`)
    .filter((path) => !existsSync(path))
    .map((path): Refusal => ({ reason: "missing-tool", message: `GRUB is not installed on this host in "${path}"` }));
  const lacking = [...checkCapabilities(plan, readCapabilities(), tools), ...grub];
  if (lacking.length > 0) throw new LayoutRefusedError(lacking);
}

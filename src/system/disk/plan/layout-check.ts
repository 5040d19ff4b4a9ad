import type { Refusal } from "../layout/errors.ts";
import { mountPointsOf, type DiskLayout, type Layout } from "../layout/layout.ts";
import { partitionTypeCode } from "../layout/partition-types.ts";
import { checkBootReach, checkStack } from "../stack/check-stack.ts";

/** How a computer starts. */
export type Firmware = "bios" | "uefi";

const maxGptPartitions = 128;

/** What no table can hold and no firmware can start, whatever the size of the disks. */
export function checkLayout(layout: Layout, firmware: readonly Firmware[]): Refusal[] {
  return [
    ...layout.disks.flatMap((disk) => (disk.table === "gpt" ? checkGpt(disk) : checkMbr(disk))),
    ...layout.disks.flatMap(checkPercentages),
    ...checkMountPoints(layout),
    ...checkStack(layout),
    ...(firmware.length > 0 ? checkBootReach(layout) : []),
    ...firmware.flatMap((kind) => checkFirmware(layout, kind)),
  ];
}

function checkGpt(disk: DiskLayout): Refusal[] {
  const { partitions } = disk;
  const found = partitions.flatMap(({ type, isLogical, isActive }, index) => {
    if (type === "extended" || isLogical || isActive)
      return [refuse(disk, index, "it is extended, logical or active, and a GPT knows none of these")];
    return partitionTypeCode(type, "gpt") === undefined ? [refuse(disk, index, `a GPT has no type "${type}"`)] : [];
  });
  if (partitions.length > maxGptPartitions)
    found.push({
      reason: "table",
      disk: disk.name,
      message: `disk "${disk.name}" has ${partitions.length} partitions, a GPT holds ${maxGptPartitions}`,
    });
  return found;
}

function checkMbr(disk: DiskLayout): Refusal[] {
  const { partitions } = disk;
  const extended = partitions.findIndex(({ type }) => type === "extended");
  const found = partitions.flatMap(({ type, isLogical, name, partitionUuid }, index) => {
    if (partitionTypeCode(type, "mbr") === undefined) return [refuse(disk, index, `an MBR has no type "${type}"`)];
    if (name !== undefined || partitionUuid !== undefined)
      return [refuse(disk, index, "it has a name or a PARTUUID of its own, and an MBR has no place for them")];
    if (type === "extended" && (isLogical || index !== extended))
      return [refuse(disk, index, "it is a further extended partition, and an MBR has one")];
    if (isLogical && (extended === -1 || extended > index))
      return [refuse(disk, index, "it is logical, and no extended partition comes before it")];
    return [];
  });
  const primary = partitions.filter(({ isLogical }) => !isLogical).length;
  const message = (what: string): Refusal => ({
    reason: "table",
    disk: disk.name,
    message: `disk "${disk.name}" ${what}`,
  });
  if (primary > 4) found.push(message(`has ${primary} primary partitions, an MBR holds 4`));
  if (partitions.filter(({ isActive }) => isActive).length > 1)
    found.push(message("has more than one active partition"));
  return found;
}

function checkPercentages(disk: DiskLayout): Refusal[] {
  const percent = disk.partitions.reduce(
    (sum, { size, isLogical }) => sum + (size.kind === "percent" && !isLogical ? size.percent : 0),
    0,
  );
  if (percent <= 100) return [];
  const message = `the partitions of disk "${disk.name}" take ${percent} %, there are 100`;
  return [{ reason: "table", disk: disk.name, message }];
}

function checkMountPoints(layout: Layout): Refusal[] {
  const mountPoints = mountPointsOf(layout);
  const double = mountPoints.filter((mountPoint, index) => mountPoints.indexOf(mountPoint) !== index);
  return double.map((mountPoint) => ({
    reason: "mounts",
    message: `"${mountPoint}" is the mount point of two file systems`,
  }));
}

function checkFirmware(layout: Layout, firmware: Firmware): Refusal[] {
  const [first] = layout.disks;
  const has = (type: string): boolean =>
    layout.disks.some(({ partitions }) => partitions.some((partition) => partition.type === type));
  if (firmware === "uefi" && !has("esp"))
    return [{ reason: "firmware", message: "there is no partition of type esp, and UEFI starts from one" }];
  if (firmware === "bios" && first?.table === "gpt" && !first.partitions.some(({ type }) => type === "bios-boot")) {
    const message = `disk "${first.name}" has no partition of type bios-boot, and a BIOS needs one to start from a GPT`;
    return [{ reason: "firmware", disk: first.name, message }];
  }
  return [];
}

function refuse(disk: DiskLayout, index: number, what: string): Refusal {
  return { reason: "table", disk: disk.name, message: `partition ${index + 1} of disk "${disk.name}": ${what}` };
}

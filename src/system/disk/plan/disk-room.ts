import { alignmentBytes, baseUnits, type Claim } from "./allocate.ts";
import type { DiskLayout, PartitionLayout } from "../layout/layout.ts";
import { neededBytes, type Usage } from "./needs.ts";

/** What an image takes, by mount point. Mount points that are not there take nothing that is known. */
export type UsageByMountPoint = ReadonlyMap<string, Usage>;

/** What the content of a partition and its `minimum` ask for, in bytes. */
export function partitionFloorBytes({ content, minimumBytes = 0 }: PartitionLayout, usage: UsageByMountPoint): number {
  const mountPoint = content?.kind === "file-system" ? content.mountPoint : undefined;
  return Math.max(minimumBytes, neededBytes(content, mountPoint === undefined ? undefined : usage.get(mountPoint)));
}

/** The claims of the partitions that lie on the disk itself; that of an extended one covers what lies in it. */
export function outerClaims(disk: DiskLayout, usage: UsageByMountPoint, total: number): Claim[] {
  return disk.partitions
    .filter(({ isLogical }) => !isLogical)
    .map((partition) => {
      if (partition.type !== "extended") return claimOf(partition, usage);
      const inside = logicalClaims(disk, usage).map((claim) => baseUnits(claim, total) + logicalHeadUnits);
      return { size: partition.size, floor: Math.max(1, sum(inside), claimOf(partition, usage).floor) };
    });
}

/** The claims of the partitions that lie inside the extended one. */
export function logicalClaims(disk: DiskLayout, usage: UsageByMountPoint): Claim[] {
  return disk.partitions.filter(({ isLogical }) => isLogical).map((partition) => claimOf(partition, usage));
}

/** A logical partition has its own small table before it. */
export const logicalHeadUnits: number = 1;

function claimOf(partition: PartitionLayout, usage: UsageByMountPoint): Claim {
  return {
    size: partition.size,
    floor: Math.max(1, Math.ceil(partitionFloorBytes(partition, usage) / alignmentBytes)),
  };
}

/** The units between the table at the start of a disk and what lies at its end (the second table of a GPT); below 0 where not even those fit. */
export function roomOf(table: DiskLayout["table"], sizeBytes: number, sectorBytes: number): number {
  const tailBytes = table === "gpt" ? 16_384 + sectorBytes : 0;
  return Math.floor((sizeBytes - tailBytes) / alignmentBytes) - 1;
}

/**
 * The size of the smallest disk that takes this layout; undefined where none does, as percentages leave no room for the rest.
 */
export function smallestDiskBytes(disk: DiskLayout, usage: UsageByMountPoint): number | undefined {
  let room = 0;
  // What percentages take grows with the room: go up until it holds all.
  for (let round = 0; round < 10_000; round++) {
    const total = room;
    const needed = sum(outerClaims(disk, usage, total).map((claim) => Math.max(baseUnits(claim, total), claim.floor)));
    if (needed <= room) return (room + (disk.table === "gpt" ? 2 : 1)) * alignmentBytes;
    room = needed;
  }
  return undefined;
}

/** The sum of `numbers`. */
export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

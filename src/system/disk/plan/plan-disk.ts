import { alignmentBytes, allocate, baseUnits, type Claim } from "./allocate.ts";
import { logicalClaims, logicalHeadUnits, outerClaims, roomOf, sum, type UsageByMountPoint } from "./disk-room.ts";
import type { DiskPlan, PlannedDisk, PlannedPartition } from "./disk-plan.ts";
import { LayoutRefusedError, type Refusal } from "../layout/errors.ts";
import type { DiskLayout, Layout, PartitionLayout } from "../layout/layout.ts";
import { checkLayout, type Firmware } from "./layout-check.ts";
import { partitionTypeCode } from "../layout/partition-types.ts";
import { planStack } from "../stack/plan-stack.ts";
import { withMinimums } from "../stack/stack-room.ts";
import { planContent } from "./plan-content.ts";
import type { UuidSource } from "./uuids.ts";

/** What a plan is made for. */
export interface PlanTarget {
  /** Size of each disk of the layout, by its name. */
  readonly sizes: ReadonlyMap<string, number>;
  /** 512 unless the disks have others. */
  readonly sectorBytes?: number;
  readonly firmware: readonly Firmware[];
  readonly usage: UsageByMountPoint;
  readonly uuids: UuidSource;
}

/**
 * Decides where every partition lies and what is made in it. Reads nothing, changes nothing.
 *
 * Percentages and `fill` give each partition at least what its content needs; an absolute size that is below that is refused.
 *
 * @throws {LayoutRefusedError} With everything that is in the way, and by how much it does not fit.
 */
export function planDisks(layout: Layout, target: PlanTarget): DiskPlan {
  const sectorBytes = target.sectorBytes ?? 512;
  const wrong = checkLayout(layout, target.firmware);
  if (wrong.length > 0) throw new LayoutRefusedError(wrong);
  const refusals: Refusal[] = [];
  const { disks: sized } = withMinimums(layout, target.usage);
  const disks = sized.map((disk, index) => planOne(disk, index, { ...target, sectorBytes }, refusals));
  // What lies on disks that are too small has no sizes.
  if (refusals.length > 0) throw new LayoutRefusedError(refusals);
  const stack = planStack(layout, disks, { ...target, sectorBytes }, refusals);
  if (refusals.length > 0) throw new LayoutRefusedError(refusals);
  return { version: 1, sectorBytes, disks, ...stack };
}

function planOne(
  disk: DiskLayout,
  index: number,
  target: PlanTarget & { readonly sectorBytes: number },
  refusals: Refusal[],
): PlannedDisk {
  const sizeBytes = target.sizes.get(disk.name) ?? 0;
  const places = placesOf(disk, sizeBytes, target, refusals);
  const id = diskId(disk, index, target.uuids);
  const numbers = numbersOf(disk);
  const active = activeOf(disk, target.firmware);
  const partitions = disk.partitions.map((partition, position): PlannedPartition => {
    const place = places[position] ?? { start: 0, length: 0 };
    const number = numbers[position] ?? 0;
    const purpose = `disk/${index}/partition/${position}`;
    const derived = `${id}-${number.toString(16).padStart(2, "0")}`;
    return {
      number,
      startSector: (place.start * alignmentBytes) / target.sectorBytes,
      sectorCount: (place.length * alignmentBytes) / target.sectorBytes,
      type: partition.type,
      typeCode: partitionTypeCode(partition.type, disk.table) ?? "",
      partitionUuid: disk.table === "mbr" ? derived : (partition.partitionUuid ?? target.uuids(purpose)).toLowerCase(),
      ...(partition.name !== undefined && { name: partition.name }),
      isActive: partition === active,
      isLogical: partition.isLogical ?? false,
      content: planContent(partition.content, purpose, place.length * alignmentBytes, target),
    };
  });
  return { name: disk.name, sizeBytes, table: disk.table, id, partitions };
}

interface Place {
  readonly start: number;
  readonly length: number;
}

/** Units where each partition lies, in the order of the layout; what does not fit is added to `refusals`. */
function placesOf(
  disk: DiskLayout,
  sizeBytes: number,
  target: PlanTarget & { readonly sectorBytes: number },
  refusals: Refusal[],
): Place[] {
  const total = roomOf(disk.table, sizeBytes, target.sectorBytes);
  const outer = disk.partitions.filter(({ isLogical }) => !isLogical);
  const claims = outerClaims(disk, target.usage, total);
  if (!fits(disk, outer, claims, total, total, refusals)) return [];
  const lengths = allocate(claims, total, total);
  const outerPlaces = inRow(lengths, 1, 0);
  if (disk.table === "mbr") checkMbrReach(disk, outerPlaces, target.sectorBytes, refusals);

  const logical = disk.partitions.filter(({ isLogical }) => isLogical);
  const extended = outerPlaces[outer.findIndex(({ type }) => type === "extended")] ?? { start: 0, length: 0 };
  const inside = extended.length - logical.length * logicalHeadUnits;
  const insideClaims = logicalClaims(disk, target.usage);
  if (logical.length > 0 && !fits(disk, logical, insideClaims, inside, total, refusals)) return [];
  const logicalPlaces = inRow(allocate(insideClaims, inside, total), extended.start, logicalHeadUnits);
  return disk.partitions.map((partition) => {
    const places = partition.isLogical ? logicalPlaces : outerPlaces;
    return places[(partition.isLogical ? logical : outer).indexOf(partition)] ?? { start: 0, length: 0 };
  });
}

function fits(
  disk: DiskLayout,
  partitions: readonly PartitionLayout[],
  claims: readonly Claim[],
  room: number,
  total: number,
  refusals: Refusal[],
): boolean {
  const before = refusals.length;
  for (const [index, claim] of claims.entries()) {
    const partition = partitions[index];
    const lacking = claim.floor - baseUnits(claim, total);
    if (lacking <= 0 || partition === undefined) continue;
    const given = baseUnits(claim, total) * alignmentBytes;
    const what = `${nameOf(disk, partition)} has ${given} bytes, what it holds needs ${claim.floor * alignmentBytes}`;
    refusals.push(tooSmall(disk, lacking, what));
  }
  const lacking = sum(claims.map((claim) => baseUnits(claim, total))) - room;
  if (lacking > 0) {
    const where =
      partitions[0]?.isLogical === true ? `the extended partition of disk "${disk.name}"` : `disk "${disk.name}"`;
    const what = `${where} has room for ${Math.max(0, room) * alignmentBytes} bytes of partitions, ${(room + lacking) * alignmentBytes} are needed`;
    refusals.push(tooSmall(disk, lacking, what));
  }
  return refusals.length === before;
}

function tooSmall(disk: DiskLayout, lackingUnits: number, what: string): Refusal {
  const missingBytes = lackingUnits * alignmentBytes;
  return { reason: "too-small", disk: disk.name, missingBytes, message: `${what} (${missingBytes} bytes too few)` };
}

function nameOf(disk: DiskLayout, partition: PartitionLayout): string {
  const { content } = partition;
  const mountPoint =
    content?.kind === "file-system" && content.mountPoint !== undefined ? ` (${content.mountPoint})` : "";
  return `partition ${disk.partitions.indexOf(partition) + 1}${mountPoint} of disk "${disk.name}"`;
}

function inRow(lengths: readonly number[], start: number, headUnits: number): Place[] {
  let next = start;
  return lengths.map((length) => {
    const place = { start: next + headUnits, length };
    next = place.start + length;
    return place;
  });
}

/** An MBR counts sectors in 32 bits. */
function checkMbrReach(disk: DiskLayout, places: readonly Place[], sectorBytes: number, refusals: Refusal[]): void {
  const reachBytes = 2 ** 32 * sectorBytes;
  const endBytes = Math.max(0, ...places.map(({ start, length }) => (start + length) * alignmentBytes));
  if (endBytes <= reachBytes) return;
  const message = `the partitions of disk "${disk.name}" end at ${endBytes} bytes, an MBR reaches ${reachBytes}; use a GPT`;
  refusals.push({ reason: "table", disk: disk.name, message });
}

function numbersOf(disk: DiskLayout): number[] {
  let primary = 0;
  let logical = 4;
  return disk.partitions.map(({ isLogical }) => (isLogical ? ++logical : ++primary));
}

/** Some BIOSes start no MBR without an active partition: where the layout names none it is the one that is started from. */
function activeOf({ table, partitions }: DiskLayout, firmware: readonly Firmware[]): PartitionLayout | undefined {
  const chosen = partitions.find(({ isActive }) => isActive);
  if (chosen || table !== "mbr" || !firmware.includes("bios")) return chosen;
  const primary = partitions.filter(({ type, isLogical }) => !isLogical && type !== "extended");
  const at = (mountPoint: string): PartitionLayout | undefined =>
    primary.find(({ content }) => content?.kind === "file-system" && content.mountPoint === mountPoint);
  return at("/boot") ?? at("/") ?? primary[0];
}

function diskId(disk: DiskLayout, index: number, uuids: UuidSource): string {
  const id = (disk.id ?? uuids(`disk/${index}`)).toLowerCase();
  return disk.table === "gpt" ? id : id.slice(0, 8);
}

import type { Refusal } from "../layout/errors.ts";
import type { ArrayLayout, GroupLayout, Layout } from "../layout/layout.ts";
import { alignmentBytes, allocate, baseUnits, type Claim } from "../plan/allocate.ts";
import {
  decryptedContentOf,
  contentOf,
  holdersOf,
  type PlannedArray,
  type PlannedDisk,
  type PlannedGroup,
  type PlannedHolder,
} from "../plan/disk-plan.ts";
import { sum, type UsageByMountPoint } from "../plan/disk-room.ts";
import { planContent } from "../plan/plan-content.ts";
import type { UuidSource } from "../plan/uuids.ts";
import { arrayHeadBytes, isMember, levels, luksHeadBytes, neededForContent, volumeHeadBytes } from "./stack-room.ts";

interface StackTarget {
  readonly sectorBytes: number;
  readonly usage: UsageByMountPoint;
  readonly uuids: UuidSource;
}

/** Decides how large arrays and volumes are on disks whose partitions have their places; what does not fit is added to `refusals`. */
export function planStack(
  layout: Layout,
  disks: readonly PlannedDisk[],
  target: StackTarget,
  refusals: Refusal[],
): { readonly arrays: PlannedArray[]; readonly groups: PlannedGroup[] } {
  const partitions = holdersOf({ disks, arrays: [], groups: [] });
  const arrays = (layout.arrays ?? []).map((array, index) =>
    planArray(array, index, partitions, layout, target, refusals),
  );
  const below = holdersOf({ disks, arrays, groups: [] });
  const groups = (layout.groups ?? []).map((group, index) => planGroup(group, index, below, layout, target, refusals));
  return { arrays, groups };
}

function planArray(
  { name, level, uuid, content }: ArrayLayout,
  index: number,
  partitions: readonly PlannedHolder[],
  layout: Layout,
  target: StackTarget,
  refusals: Refusal[],
): PlannedArray {
  const purpose = `array/${index}`;
  const members = partitions.filter((holder) => isMember(decryptedContentOf(holder), "array", name));
  const memberBytes = Math.min(...members.map((holder) => roomIn(holder, target.sectorBytes))) - arrayHeadBytes;
  const sizeBytes = memberBytes * levels[level].carrying(members.length);
  const needed = neededForContent(content, layout, target.usage);
  if (sizeBytes < needed) refusals.push(tooSmall(`array "${name}"`, sizeBytes, needed));
  return {
    name,
    level,
    uuid: (uuid ?? target.uuids(purpose)).toLowerCase(),
    sizeBytes,
    content: planContent(content, purpose, sizeBytes, target),
  };
}

function planGroup(
  { name, volumes }: GroupLayout,
  index: number,
  below: readonly PlannedHolder[],
  layout: Layout,
  target: StackTarget,
  refusals: Refusal[],
): PlannedGroup {
  const members = below.filter((holder) => isMember(decryptedContentOf(holder), "group", name));
  const room = sum(members.map((holder) => (roomIn(holder, target.sectorBytes) - volumeHeadBytes) / alignmentBytes));
  const claims = volumes.map(({ size, minimumBytes = 0, content }): Claim => {
    const needed = Math.max(minimumBytes, neededForContent(content, layout, target.usage));
    return { size, floor: Math.max(1, Math.ceil(needed / alignmentBytes)) };
  });
  for (const [position, claim] of claims.entries()) {
    const given = baseUnits(claim, room);
    const what = `volume "${volumes[position]?.name ?? ""}" of group "${name}"`;
    if (given < claim.floor) refusals.push(tooSmall(what, given * alignmentBytes, claim.floor * alignmentBytes));
  }
  const wanted = sum(claims.map((claim) => baseUnits(claim, room)));
  if (wanted > room)
    refusals.push(tooSmall(`group "${name}"`, Math.max(0, room) * alignmentBytes, wanted * alignmentBytes));
  const lengths = allocate(claims, room, room);
  return {
    name,
    volumes: volumes.map(({ name: volume, content }, position) => {
      const sizeBytes = (lengths[position] ?? 0) * alignmentBytes;
      const purpose = `group/${index}/volume/${position}`;
      return { name: volume, sizeBytes, content: planContent(content, purpose, sizeBytes, target) };
    }),
  };
}

/** The whole units that a holder has for what lies on it. */
function roomIn(holder: PlannedHolder, sectorBytes: number): number {
  const sizeBytes = sizeOf(holder, sectorBytes) - (contentOf(holder).kind === "luks" ? luksHeadBytes : 0);
  return Math.floor(sizeBytes / alignmentBytes) * alignmentBytes;
}

function sizeOf(holder: PlannedHolder, sectorBytes: number): number {
  if (holder.kind === "partition") return holder.partition.sectorCount * sectorBytes;
  return holder.kind === "array" ? holder.array.sizeBytes : holder.volume.sizeBytes;
}

function tooSmall(what: string, hasBytes: number, neededBytes: number): Refusal {
  const missingBytes = neededBytes - hasBytes;
  const message = `${what} has room for ${hasBytes} bytes, ${neededBytes} are needed (${missingBytes} bytes too few)`;
  return { reason: "too-small", missingBytes, message };
}

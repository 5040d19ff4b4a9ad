import type { PartitionLayout } from "../layout/layout.ts";

/** Partitions begin and end at multiples of this. */
export const alignmentBytes: number = 2 ** 20;

/** A partition whose room is to be decided. All sizes in units of {@link alignmentBytes}. */
export interface Claim {
  readonly size: PartitionLayout["size"];
  /** What it must have at the least. */
  readonly floor: number;
}

/** The units that are needed for a claim before anything is shared out. `total` is what percentages are of. */
export function baseUnits({ size, floor }: Claim, total: number): number {
  if (size.kind === "bytes") return Math.ceil(size.sizeBytes / alignmentBytes);
  if (size.kind === "percent") return Math.max(floor, Math.floor((total * size.percent) / 100));
  return floor;
}

/**
 * Shares `room` out: every claim gets what it is given, those that `fill` get equal parts of the rest, none less than its floor.
 * Expects that the base of all claims fits into `room`; the sum of what it returns does, too.
 */
export function allocate(claims: readonly Claim[], room: number, total: number): number[] {
  const units = claims.map((claim) => baseUnits(claim, total));
  const fills = claims.flatMap((claim, index) => (claim.size.kind === "fill" ? [{ index, floor: claim.floor }] : []));
  let left =
    room - claims.reduce((sum, claim, index) => sum + (claim.size.kind === "fill" ? 0 : (units[index] ?? 0)), 0);
  // Those with the highest floors first: once one can have the same part as all after it, all of them can.
  const byFloor = fills.toSorted((one, other) => other.floor - one.floor);
  for (const [taken, { index, floor }] of byFloor.entries()) {
    units[index] = Math.max(floor, Math.ceil(left / (byFloor.length - taken)));
    left -= units[index];
  }
  return units;
}

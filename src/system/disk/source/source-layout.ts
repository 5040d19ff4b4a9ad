import type { DiskFact } from "../../../core/manifest/manifest.ts";
import { LayoutRefusedError, type Refusal } from "../layout/errors.ts";
import type { DiskLayout, Layout, PartitionLayout, VolumeLayout } from "../layout/layout.ts";
import { isPartitionType, usualTypes, partitionTypeName } from "../layout/partition-types.ts";
import { isUsed, SourceContents } from "./source-contents.ts";

const sectorBytes = 512;

/**
 * The layout of the disks of a host, as its facts or a captured manifest show them: those that hold something mounted or used
 * as swap, with the arrays, groups and LUKS over them. On each disk and in each group the largest part gets what is left, so that the
 * layout fits on smaller and larger disks too.
 *
 * @throws {LayoutRefusedError} If nothing is mounted from a disk, or something lies on one that no layout can describe.
 */
export function layoutOfDisks(facts: readonly DiskFact[]): Layout {
  const refusals: Refusal[] = [];
  const source = new SourceContents(refusals);
  const used = facts.filter((disk) => disk.type === "disk" && isUsed(disk));
  if (used.length === 0)
    throw new LayoutRefusedError([{ reason: "mounts", message: "no disk with a mounted file system is known" }]);
  const disks = used.map((disk) => diskOf(disk, source, refusals));
  if (refusals.length > 0) throw new LayoutRefusedError(refusals);
  const { arrays, groups } = source;
  return {
    version: 1,
    disks,
    ...(arrays.length > 0 && { arrays }),
    ...(groups.length > 0 && {
      groups: groups.map(({ name, volumes }) => ({ name, volumes: withFill(volumes) })),
    }),
  };
}

function diskOf(disk: DiskFact, source: SourceContents, refusals: Refusal[]): DiskLayout {
  const { name, partitionTable, children = [] } = disk;
  // A file system on a disk without a table: it becomes the one partition.
  if (partitionTable === undefined && disk.fileSystem !== undefined) {
    const content = source.contentOf(disk);
    const type = (content && usualTypes[content.kind]) ?? "linux";
    return { name, table: "gpt", partitions: [{ type, size: { kind: "fill" }, ...(content && { content }) }] };
  }
  const table = partitionTable === "dos" ? "mbr" : "gpt";
  if (partitionTable !== "gpt" && partitionTable !== "dos")
    refusals.push({
      reason: "table",
      disk: name,
      message: `disk "${name}" has a table of type "${partitionTable ?? "none"}", known are gpt and dos`,
    });
  const facts = children
    .filter(({ type }) => type === "part")
    .toSorted((one, other) => (one.startSector ?? 0) - (other.startSector ?? 0));
  const partitions = facts.map((fact) => partitionOf(fact, facts, table, source));
  return { name, table, partitions: withFill(partitions) };
}

function partitionOf(
  fact: DiskFact,
  all: readonly DiskFact[],
  table: "gpt" | "mbr",
  source: SourceContents,
): PartitionLayout {
  const type = fact.partitionType === undefined ? "linux" : partitionTypeName(fact.partitionType, table);
  const isLogical = table === "mbr" && numberOf(fact) > 4;
  const content = type === "extended" ? undefined : source.contentOf(fact);
  return {
    type: isPartitionType(type) ? type : "linux",
    size: { kind: "bytes", sizeBytes: type === "extended" ? extendedBytes(fact, all) : fact.sizeBytes },
    ...(isLogical && { isLogical }),
    ...(table === "gpt" && fact.partitionUuid !== undefined && { partitionUuid: fact.partitionUuid }),
    ...(content && { content }),
  };
}

function numberOf({ name }: DiskFact): number {
  return Number(/\d+$/.exec(name)?.[0] ?? 0);
}

/** The kernel shows only the first sectors of an extended partition. */
function extendedBytes({ startSector = 0, sizeBytes }: DiskFact, all: readonly DiskFact[]): number {
  const inside = all.filter((other) => numberOf(other) > 4);
  const end = Math.max(0, ...inside.map((other) => (other.startSector ?? 0) * sectorBytes + other.sizeBytes));
  return Math.max(sizeBytes, end - startSector * sectorBytes);
}

/** The largest of what holds something fills its disk or group, and with it the extended partition that it lies in. */
function withFill<Holder extends PartitionLayout | VolumeLayout>(holders: readonly Holder[]): Holder[] {
  const sizeOf = ({ size, content }: Holder): number =>
    size.kind === "bytes" && content !== undefined && content.kind !== "swap" ? size.sizeBytes : 0;
  const largest = holders.toSorted((one, other) => sizeOf(other) - sizeOf(one))[0];
  if (largest === undefined || sizeOf(largest) === 0) return [...holders];
  const isInExtended = "isLogical" in largest && largest.isLogical;
  return holders.map((holder) => {
    const isFilled = holder === largest || (isInExtended && "type" in holder && holder.type === "extended");
    return isFilled ? { ...holder, size: { kind: "fill" } } : holder;
  });
}

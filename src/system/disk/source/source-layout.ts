import type { DiskFact } from "../../../core/manifest/manifest.ts";
import { LayoutRefusedError, type Refusal } from "../layout/errors.ts";
import {
  fileSystemTypes,
  type DiskLayout,
  type Layout,
  type PartitionContent,
  type PartitionLayout,
} from "../layout/layout.ts";
import { isPartitionType, partitionTypeName } from "../layout/partition-types.ts";

const sectorBytes = 512;

/**
 * The layout of the disks of a host, as its facts or a captured manifest show them: those that hold something mounted or used
 * as swap. On each disk the largest file system gets what is left, so that the layout fits on smaller and larger disks too.
 *
 * @throws {LayoutRefusedError} If nothing is mounted from a disk, or something lies on one that no layout can describe.
 */
export function layoutOfDisks(facts: readonly DiskFact[]): Layout {
  const used = facts.filter((disk) => disk.type === "disk" && isUsed(disk));
  if (used.length === 0)
    throw new LayoutRefusedError([{ reason: "mounts", message: "no disk with a mounted file system is known" }]);
  const refusals: Refusal[] = [];
  const disks = used.map((disk) => diskOf(disk, refusals));
  if (refusals.length > 0) throw new LayoutRefusedError(refusals);
  return { version: 1, disks };
}

function isUsed({ mountPoints = [], children = [] }: DiskFact): boolean {
  return mountPoints.length > 0 || children.some(isUsed);
}

function diskOf(disk: DiskFact, refusals: Refusal[]): DiskLayout {
  const { name, partitionTable, children = [] } = disk;
  // A file system on a disk without a table: it becomes the one partition.
  if (partitionTable === undefined && disk.fileSystem !== undefined)
    return {
      name,
      table: "gpt",
      partitions: [{ type: "linux", size: { kind: "fill" }, ...contentOf(disk, name, refusals) }],
    };
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
  const partitions = facts.map((fact) => partitionOf(fact, facts, table, refusals));
  return { name, table, partitions: withFill(partitions) };
}

function partitionOf(
  fact: DiskFact,
  all: readonly DiskFact[],
  table: "gpt" | "mbr",
  refusals: Refusal[],
): PartitionLayout {
  const type = fact.partitionType === undefined ? "linux" : partitionTypeName(fact.partitionType, table);
  const isLogical = table === "mbr" && numberOf(fact) > 4;
  return {
    type: isPartitionType(type) ? type : "linux",
    size: { kind: "bytes", sizeBytes: type === "extended" ? extendedBytes(fact, all) : fact.sizeBytes },
    ...(isLogical && { isLogical }),
    ...(table === "gpt" && fact.partitionUuid !== undefined && { partitionUuid: fact.partitionUuid }),
    ...(type !== "extended" && contentOf(fact, fact.name, refusals)),
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

function contentOf(fact: DiskFact, name: string, refusals: Refusal[]): { readonly content?: PartitionContent } {
  const { fileSystem, uuid, label, children = [], mountPoints = [] } = fact;
  const identity = { ...(label !== undefined && { label }), ...(uuid !== undefined && { uuid }) };
  if (fileSystem === "swap") return { content: { kind: "swap", ...identity } };
  const type = fileSystemTypes.find((known) => known === fileSystem);
  const mountPoint = mountPoints
    .filter((path) => path.startsWith("/"))
    .toSorted((one, other) => one.length - other.length)[0];
  if (type !== undefined)
    return { content: { kind: "file-system", type, ...identity, ...(mountPoint !== undefined && { mountPoint }) } };
  if (isUsed(fact) || children.length > 0)
    refusals.push({
      reason: "content",
      message: `"${name}" holds ${fileSystem ?? "something"}, known are ${fileSystemTypes.join(", ")} and swap`,
    });
  return {};
}

/** The largest file system fills its disk, and with it the extended partition that it lies in. */
function withFill(partitions: readonly PartitionLayout[]): PartitionLayout[] {
  const sizeOf = ({ size, content }: PartitionLayout): number =>
    size.kind === "bytes" && content?.kind === "file-system" ? size.sizeBytes : 0;
  const largest = partitions.toSorted((one, other) => sizeOf(other) - sizeOf(one))[0];
  if (largest === undefined || sizeOf(largest) === 0) return [...partitions];
  return partitions.map((partition) => {
    const isFilled = partition === largest || (partition.type === "extended" && largest.isLogical);
    return isFilled ? { ...partition, size: { kind: "fill" } } : partition;
  });
}

import { stringify } from "yaml";
import type { ArrayLayout, DiskLayout, Layout, PartitionContent, PartitionLayout, VolumeLayout } from "../layout.ts";
import { formatBytes, formatPartitionSize } from "../partition-size.ts";

/** Writes a layout as YAML that `readLayout` reads back as it was. */
export function writeLayout(layout: Layout): string {
  return stringify(describeLayout(layout), { lineWidth: 0 });
}

/** The layout as a document of `docs/format/layout.schema.json`. */
export function describeLayout({ version, disks, arrays, groups }: Layout): object {
  return {
    version,
    disks: disks.map(describeDisk),
    ...(arrays && { arrays: arrays.map(describeArray) }),
    ...(groups && {
      groups: groups.map(({ name, volumes }) => ({ name, volumes: volumes.map(describeVolume) })),
    }),
  };
}

function describeArray({ name, level, uuid, content }: ArrayLayout): object {
  return { name, level, ...(uuid !== undefined && { arrayUuid: uuid }), ...describeContent(content) };
}

function describeVolume({ name, size, minimumBytes, content }: VolumeLayout): object {
  return {
    name,
    size: formatPartitionSize(size),
    ...(minimumBytes !== undefined && { minimum: formatBytes(minimumBytes) }),
    ...describeContent(content),
  };
}

function describeDisk({ name, table, id, partitions }: DiskLayout): object {
  return { name, table, ...(id !== undefined && { id }), partitions: partitions.map(describePartition) };
}

function describePartition(partition: PartitionLayout): object {
  const { type, size, minimumBytes, isLogical, isActive, name, partitionUuid, content } = partition;
  return {
    type,
    size: formatPartitionSize(size),
    ...(minimumBytes !== undefined && { minimum: formatBytes(minimumBytes) }),
    ...(isLogical && { logical: true }),
    ...(isActive && { active: true }),
    ...(name !== undefined && { name }),
    ...(partitionUuid !== undefined && { partitionUuid }),
    ...describeContent(content),
  };
}

function describeContent(content: PartitionContent | undefined): object {
  if (content === undefined) return {};
  if (content.kind === "raw") return { stream: content.stream };
  if (content.kind === "array") return { array: content.array };
  if (content.kind === "group") return { group: content.group };
  if (content.kind === "luks") {
    const { name, uuid, inside } = content;
    return { luks: name, ...(uuid !== undefined && { luksUuid: uuid }), ...describeContent(inside) };
  }
  const { label, uuid } = content;
  const identity = { ...(label !== undefined && { label }), ...(uuid !== undefined && { uuid }) };
  if (content.kind === "swap") return { fileSystem: "swap", ...identity };
  const { type, mountPoint, mountOptions } = content;
  return {
    fileSystem: type,
    ...identity,
    ...(mountPoint !== undefined && { mount: mountPoint }),
    ...(mountOptions !== undefined && { options: mountOptions }),
  };
}

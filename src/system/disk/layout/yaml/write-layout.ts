import { stringify } from "yaml";
import type { DiskLayout, Layout, PartitionContent, PartitionLayout } from "../layout.ts";
import { formatBytes, formatPartitionSize } from "../partition-size.ts";

/** Writes a layout as YAML that `readLayout` reads back as it was. */
export function writeLayout(layout: Layout): string {
  return stringify(describeLayout(layout), { lineWidth: 0 });
}

/** The layout as a document of `docs/format/layout.schema.json`. */
export function describeLayout({ version, disks }: Layout): object {
  return { version, disks: disks.map(describeDisk) };
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

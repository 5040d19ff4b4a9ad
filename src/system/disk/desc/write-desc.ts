import { LayoutRefusedError } from "../layout/errors.ts";
import type { DiskLayout, PartitionLayout } from "../layout/layout.ts";
import { partitionTypeCode } from "../layout/partition-types.ts";

const mib = 2 ** 20;

/**
 * Writes a disk as a `desc` file that `readDesc` reads back. What a `desc` has no words for (file systems, labels, mount
 * points) comes from the image it is used with; comments tell it to people. Sizes are rounded up to whole MiB.
 *
 * @throws {LayoutRefusedError} If the disk has a GPT, or sizes that are percentages or minimums.
 */
export function writeDesc(disk: DiskLayout): string {
  const { name, table, partitions } = disk;
  if (table !== "mbr") throw refusal(name, `disk "${name}" has a GPT, a desc file describes an MBR; use a layout`);
  return partitions
    .flatMap((partition) => [...describe(partition.content), formatLine(partition, name)])
    .map((line) => `${line}\n`)
    .join("");
}

function formatLine({ type, size, isLogical }: PartitionLayout, disk: string): string {
  if (size.kind === "percent" || size.kind === "minimum")
    throw refusal(disk, `a partition of disk "${disk}" has the size ${size.kind}, a desc file has megabytes and fill`);
  const code = partitionTypeCode(type, "mbr");
  if (code === undefined) throw refusal(disk, `a partition of disk "${disk}" has the type "${type}", which no MBR has`);
  const word = ["linux", "swap", "extended"].includes(type) ? type : `type${code}`;
  const amount = size.kind === "fill" ? "fill" : String(Math.ceil(size.sizeBytes / mib));
  return `${isLogical ? "logical " : ""}${word} ${amount}`;
}

function describe(content: PartitionLayout["content"]): string[] {
  if (content?.kind !== "file-system") return [];
  const { type, mountPoint, label } = content;
  const words = [mountPoint, type, label].filter((word) => word !== undefined);
  return [`# ${words.join(" ").replaceAll(/[\p{Cc}]/gu, "?")}`];
}

function refusal(disk: string, message: string): LayoutRefusedError {
  return new LayoutRefusedError([{ reason: "table", disk, message }]);
}

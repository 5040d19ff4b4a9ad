import { LayoutRefusedError } from "../layout/errors.ts";
import type { DiskLayout, Layout, PartitionLayout } from "../layout/layout.ts";

/**
 * Makes a layout of `desc` files: they give the type and size of each partition, `source` (the layout of the captured system)
 * gives file system, label and mount point, in the order of the partitions. Disks go together by name, or by order where no
 * name is the same. Extended and BIOS boot partitions hold nothing and do not count.
 *
 * @throws {LayoutRefusedError} If the counts differ, or a swap line meets a file system: with both lists.
 */
export function applyDesc(described: readonly DiskLayout[], source: Layout): Layout {
  if (described.length !== source.disks.length)
    throw refusal(
      `there are ${described.length} desc files (${namesOf(described)}) and the image has ${source.disks.length} disks (${namesOf(source.disks)})`,
    );
  const areNamed = described.every(({ name }) => source.disks.some((disk) => disk.name === name));
  const disks = described.map((disk, index) => {
    const captured = areNamed ? source.disks.find(({ name }) => name === disk.name) : source.disks[index];
    return captured ? applyToDisk(disk, captured) : disk;
  });
  return { ...source, disks };
}

function applyToDisk(disk: DiskLayout, captured: DiskLayout): DiskLayout {
  const lines = disk.partitions.filter(holdsSomething);
  const contents = captured.partitions.filter(holdsSomething);
  const isMatch = (line: PartitionLayout, index: number): boolean => {
    const content = contents[index]?.content;
    return (line.type === "swap") === (content?.kind === "swap") || content === undefined;
  };
  if (lines.length !== contents.length || !lines.every(isMatch))
    throw refusal(
      `the desc file of disk "${disk.name}" has ${lines.length} partitions (${lines.map(describeLine).join(", ")}), ` +
        `the image has ${contents.length} (${contents.map(describeContent).join(", ")}); they have to be the same, in the same order`,
      disk.name,
    );
  const partitions = disk.partitions.map((partition) => {
    const content = contents[lines.indexOf(partition)]?.content;
    return content === undefined ? partition : { ...partition, content };
  });
  return { ...disk, partitions };
}

function holdsSomething({ type }: PartitionLayout): boolean {
  return type !== "extended" && type !== "bios-boot";
}

function describeLine({ type, isLogical }: PartitionLayout): string {
  return isLogical ? `logical ${type}` : type;
}

function describeContent({ type, content }: PartitionLayout): string {
  if (content?.kind !== "file-system") return content?.kind ?? type;
  return content.mountPoint === undefined ? content.type : `${content.type} on ${content.mountPoint}`;
}

function namesOf(disks: readonly DiskLayout[]): string {
  return disks.map(({ name }) => name).join(", ");
}

function refusal(message: string, disk?: string): LayoutRefusedError {
  return new LayoutRefusedError([{ reason: "table", message, ...(disk !== undefined && { disk }) }]);
}

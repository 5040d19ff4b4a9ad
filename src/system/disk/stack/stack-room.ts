import { decrypted, type ArrayLevel, type Layout, type PartitionContent } from "../layout/layout.ts";
import type { UsageByMountPoint } from "../plan/disk-room.ts";
import { neededBytes } from "../plan/needs.ts";

const mib = 2 ** 20;

/** What comes before the content: of a LUKS2, of each member of an array, of each physical volume. */
export const luksHeadBytes: number = 16 * mib;
/** `mdadm --data-offset`. */
export const arrayHeadBytes: number = mib;
/** `pvcreate --dataalignment`; extents are of 1 MiB. */
export const volumeHeadBytes: number = mib;

/** How many members an array needs, and how many of `members` hold content that no other has. */
export const levels: Readonly<
  Record<ArrayLevel, { readonly least: number; readonly carrying: (members: number) => number }>
> = {
  raid0: { least: 2, carrying: (members) => members },
  raid1: { least: 2, carrying: () => 1 },
  raid5: { least: 3, carrying: (members) => members - 1 },
  raid6: { least: 4, carrying: (members) => members - 2 },
  raid10: { least: 4, carrying: (members) => members / 2 },
};

/** How many partitions and arrays are members of an array, or physical volumes of a group. */
export function countMembers({ disks, arrays = [] }: Layout, kind: "array" | "group", name: string): number {
  return [...disks.flatMap(({ partitions }) => partitions), ...arrays].filter(({ content }) =>
    isMember(decrypted(content), kind, name),
  ).length;
}

/** Says whether something is part of the array or group of this name. */
export function isMember(
  content: { readonly kind: string; readonly array?: string; readonly group?: string } | undefined,
  kind: "array" | "group",
  name: string,
): boolean {
  return content?.kind === kind && content[kind] === name;
}

/** What a content needs, with all that lies on it. The layout has been checked: nothing lies on itself. */
export function neededForContent(
  content: PartitionContent | undefined,
  layout: Layout,
  usage: UsageByMountPoint,
): number {
  if (content?.kind === "luks") return luksHeadBytes + neededForContent(content.inside, layout, usage);
  if (content?.kind === "array") {
    const array = layout.arrays?.find(({ name }) => name === content.array);
    const carrying = array ? levels[array.level].carrying(countMembers(layout, "array", array.name)) : 1;
    return arrayHeadBytes + inMib(neededForContent(array?.content, layout, usage) / carrying);
  }
  if (content?.kind === "group") {
    const group = layout.groups?.find(({ name }) => name === content.group);
    const volumes = (group?.volumes ?? []).map(({ size, minimumBytes = 0, content: held }) =>
      inMib(
        size.kind === "bytes" ? size.sizeBytes : Math.max(mib, minimumBytes, neededForContent(held, layout, usage)),
      ),
    );
    const members = group ? countMembers(layout, "group", group.name) : 1;
    return volumeHeadBytes + inMib(volumes.reduce((total, bytes) => total + bytes, 0) / members);
  }
  const mountPoint = content?.kind === "file-system" ? content.mountPoint : undefined;
  return neededBytes(content, mountPoint === undefined ? undefined : usage.get(mountPoint));
}

function inMib(bytes: number): number {
  return Math.ceil(bytes / mib) * mib;
}

/** The layout with what arrays, groups and encryption need as the minimum of the partitions below them. */
export function withMinimums(layout: Layout, usage: UsageByMountPoint): Layout {
  return {
    ...layout,
    disks: layout.disks.map((disk) => ({
      ...disk,
      partitions: disk.partitions.map((partition) => {
        const { content, minimumBytes = 0 } = partition;
        if (content?.kind !== "luks" && content?.kind !== "array" && content?.kind !== "group") return partition;
        return { ...partition, minimumBytes: Math.max(minimumBytes, neededForContent(content, layout, usage)) };
      }),
    })),
  };
}

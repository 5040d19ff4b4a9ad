/** How large a partition is: `percent` of the room for partitions on its disk; `fill` shares what is left; `minimum` is what its content needs. */
export type PartitionSize =
  | { readonly kind: "bytes"; readonly sizeBytes: number }
  | { readonly kind: "percent"; readonly percent: number }
  | { readonly kind: "fill" }
  | { readonly kind: "minimum" };

/** File systems that can be made. */
export type FileSystemType = "ext2" | "ext3" | "ext4" | "xfs" | "btrfs" | "vfat" | "jfs" | "reiserfs";

/** Every {@link FileSystemType}. */
export const fileSystemTypes: readonly FileSystemType[] = [
  "ext2",
  "ext3",
  "ext4",
  "xfs",
  "btrfs",
  "vfat",
  "jfs",
  "reiserfs",
];

/** How software RAID spreads an array over its members. */
export type ArrayLevel = "raid0" | "raid1" | "raid5" | "raid6" | "raid10";

/**
 * What a partition, an array or a volume holds. `raw` takes a captured stream as it is; `array` makes it a member of one, `group` a
 * physical volume of LVM; what is in a `luks` is encrypted. UUIDs that are absent are made when a plan is.
 */
export type PartitionContent =
  | {
      readonly kind: "file-system";
      readonly type: FileSystemType;
      readonly label?: string;
      readonly uuid?: string;
      /** Absolute, without `.` and `..`; absent for a file system that nothing is restored into. */
      readonly mountPoint?: string;
      /** As in fstab(5), joined with commas. */
      readonly mountOptions?: string;
    }
  | { readonly kind: "swap"; readonly label?: string; readonly uuid?: string }
  | { readonly kind: "raw"; readonly stream: string }
  | { readonly kind: "array"; readonly array: string }
  | { readonly kind: "group"; readonly group: string }
  | {
      readonly kind: "luks";
      /** As crypttab(5) and `/dev/mapper` name it. */
      readonly name: string;
      readonly uuid?: string;
      readonly inside?: PartitionContent;
    };

/** A partition, in the order of the disk. */
export interface PartitionLayout {
  /** A name of `partitionTypes`, `0x83` on MBR, or a GUID on GPT. */
  readonly type: string;
  readonly size: PartitionSize;
  /** Never smaller than this, whatever `size` gives. */
  readonly minimumBytes?: number;
  /** Inside the one partition of type `extended`; MBR only. */
  readonly isLogical?: boolean;
  /** MBR only: the partition that a BIOS may start. */
  readonly isActive?: boolean;
  /** GPT only. */
  readonly name?: string;
  /** PARTUUID; GPT only, as MBR derives it from the disk's id. */
  readonly partitionUuid?: string;
  readonly content?: PartitionContent;
}

/** One disk. */
export interface DiskLayout {
  /** Unique within the layout. */
  readonly name: string;
  readonly table: "gpt" | "mbr";
  /** GUID of a GPT, or the 8 hex digits of an MBR. */
  readonly id?: string;
  readonly partitions: readonly PartitionLayout[];
}

/** Software RAID (md) over the partitions that are its members. */
export interface ArrayLayout {
  /** `/dev/md/NAME`. */
  readonly name: string;
  readonly level: ArrayLevel;
  readonly uuid?: string;
  readonly content?: PartitionContent;
}

/** A logical volume of LVM. Percentages are of its group. */
export interface VolumeLayout {
  readonly name: string;
  readonly size: PartitionSize;
  readonly minimumBytes?: number;
  readonly content?: PartitionContent;
}

/** A volume group of LVM over the partitions and arrays that are its physical volumes. */
export interface GroupLayout {
  readonly name: string;
  readonly volumes: readonly VolumeLayout[];
}

/** How one or several disks are divided and what lies on them; published as `docs/format/layout.schema.json`. */
export interface Layout {
  readonly version: 1;
  readonly disks: readonly DiskLayout[];
  readonly arrays?: readonly ArrayLayout[];
  readonly groups?: readonly GroupLayout[];
}

/** What each partition, array and volume holds, in this order, without those that hold nothing. */
export function contentsOf({ disks, arrays = [], groups = [] }: Layout): PartitionContent[] {
  const holders = [
    ...disks.flatMap(({ partitions }) => partitions),
    ...arrays,
    ...groups.flatMap(({ volumes }) => volumes),
  ];
  return holders.flatMap(({ content }) => content ?? []);
}

/** What lies in a content once it is decrypted. */
export function decrypted(content: PartitionContent | undefined): PartitionContent | undefined {
  return content?.kind === "luks" ? content.inside : content;
}

/** Where the file systems of a layout are mounted. */
export function mountPointsOf(layout: Layout): string[] {
  return contentsOf(layout).flatMap((content) => {
    const inside = decrypted(content);
    return inside?.kind === "file-system" ? (inside.mountPoint ?? []) : [];
  });
}

/** The layout without any UUID, so that a plan makes new ones: for a system that becomes somebody else. */
export function withoutUuids({ arrays, groups, ...layout }: Layout): Layout {
  return {
    ...layout,
    disks: layout.disks.map(diskWithoutUuids),
    ...(arrays && { arrays: arrays.map(({ uuid: _uuid, ...array }) => anonymous(array)) }),
    ...(groups && { groups: groups.map((group) => ({ ...group, volumes: group.volumes.map(anonymous) })) }),
  };
}

function diskWithoutUuids({ id: _id, partitions, ...disk }: DiskLayout): DiskLayout {
  return { ...disk, partitions: partitions.map(({ partitionUuid: _uuid, ...partition }) => anonymous(partition)) };
}

function anonymous<Holder extends { readonly content?: PartitionContent }>(holder: Holder): Holder {
  return holder.content === undefined ? holder : { ...holder, content: contentWithoutUuid(holder.content) };
}

function contentWithoutUuid(content: PartitionContent): PartitionContent {
  if (content.kind === "raw" || content.kind === "array" || content.kind === "group") return content;
  const { uuid: _uuid, ...rest } = content;
  if (rest.kind !== "luks" || rest.inside === undefined) return rest;
  return { ...rest, inside: contentWithoutUuid(rest.inside) };
}

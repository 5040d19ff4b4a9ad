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

/** What a partition holds. `raw` takes a captured stream as it is. UUIDs that are absent are made when a plan is. */
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
  | { readonly kind: "raw"; readonly stream: string };

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

/** How one or several disks are divided and what lies on them; published as `docs/format/layout.schema.json`. */
export interface Layout {
  readonly version: 1;
  readonly disks: readonly DiskLayout[];
}

/** The layout without any UUID, so that a plan makes new ones: for a system that becomes somebody else. */
export function withoutUuids(layout: Layout): Layout {
  return { ...layout, disks: layout.disks.map(diskWithoutUuids) };
}

function diskWithoutUuids({ id: _id, partitions, ...disk }: DiskLayout): DiskLayout {
  return { ...disk, partitions: partitions.map(partitionWithoutUuids) };
}

function partitionWithoutUuids({ partitionUuid: _uuid, content, ...partition }: PartitionLayout): PartitionLayout {
  if (content === undefined) return partition;
  if (content.kind === "raw") return { ...partition, content };
  const { uuid: _contentUuid, ...anonymous } = content;
  return { ...partition, content: anonymous };
}

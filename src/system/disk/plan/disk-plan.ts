import type { ArrayLevel, FileSystemType } from "../layout/layout.ts";

/** What is made in a partition, every choice taken. */
export type PlannedContent =
  | {
      readonly kind: "file-system";
      readonly type: FileSystemType;
      /** As the file system shows it: `abcd-1234` style upper case for vfat, else lower case with dashes. */
      readonly uuid: string;
      readonly label?: string;
      readonly mountPoint?: string;
      readonly mountOptions: string;
      /** ext only: what its directory hashes start from, so that equal trees give equal directories. */
      readonly hashSeed?: string;
      /** ext only, where more are needed than `mke2fs` makes by itself. */
      readonly inodeCount?: number;
    }
  | { readonly kind: "swap"; readonly uuid: string; readonly label?: string }
  | { readonly kind: "raw"; readonly stream: string }
  | { readonly kind: "array"; readonly array: string }
  | { readonly kind: "group"; readonly group: string }
  | { readonly kind: "luks"; readonly name: string; readonly uuid: string; readonly inside: PlannedContent }
  | { readonly kind: "none" };

/** A partition with its place. Sectors are those of {@link DiskPlan.sectorBytes}. */
export interface PlannedPartition {
  /** As the kernel numbers it: logical ones from 5. */
  readonly number: number;
  readonly startSector: number;
  readonly sectorCount: number;
  /** Upper-case GUID, or two lower-case hex digits. */
  readonly typeCode: string;
  readonly type: string;
  /** PARTUUID: lower case. */
  readonly partitionUuid: string;
  readonly name?: string;
  readonly isActive: boolean;
  readonly isLogical: boolean;
  readonly content: PlannedContent;
}

/** One disk, whole. */
export interface PlannedDisk {
  readonly name: string;
  readonly sizeBytes: number;
  readonly table: "gpt" | "mbr";
  /** Lower-case GUID, or 8 lower-case hex digits. */
  readonly id: string;
  readonly partitions: readonly PlannedPartition[];
}

/** Software RAID over all partitions that hold `{ kind: "array" }` with its name, in the order of the plan. */
export interface PlannedArray {
  readonly name: string;
  readonly level: ArrayLevel;
  /** Lower case with dashes. */
  readonly uuid: string;
  /** Of what can be written to it. */
  readonly sizeBytes: number;
  readonly content: PlannedContent;
}

/** A logical volume. */
export interface PlannedVolume {
  readonly name: string;
  readonly sizeBytes: number;
  readonly content: PlannedContent;
}

/** A volume group over everything that holds `{ kind: "group" }` with its name. */
export interface PlannedGroup {
  readonly name: string;
  readonly volumes: readonly PlannedVolume[];
}

/** What will be written: plain data, to be printed, stored and run. */
export interface DiskPlan {
  readonly version: 1;
  readonly sectorBytes: number;
  readonly disks: readonly PlannedDisk[];
  readonly arrays: readonly PlannedArray[];
  readonly groups: readonly PlannedGroup[];
}

/** Something of a plan that holds something, as a block device does. */
export type PlannedHolder =
  | { readonly kind: "partition"; readonly disk: PlannedDisk; readonly partition: PlannedPartition }
  | { readonly kind: "array"; readonly array: PlannedArray }
  | { readonly kind: "volume"; readonly group: PlannedGroup; readonly volume: PlannedVolume };

/** All partitions, then all arrays, then all volumes. */
export function holdersOf({ disks, arrays, groups }: Omit<DiskPlan, "version" | "sectorBytes">): PlannedHolder[] {
  return [
    ...disks.flatMap((disk) => disk.partitions.map((partition) => ({ kind: "partition" as const, disk, partition }))),
    ...arrays.map((array) => ({ kind: "array" as const, array })),
    ...groups.flatMap((group) => group.volumes.map((volume) => ({ kind: "volume" as const, group, volume }))),
  ];
}

/** What a holder holds, as it lies there. */
export function contentOf(holder: PlannedHolder): PlannedContent {
  if (holder.kind === "partition") return holder.partition.content;
  return holder.kind === "array" ? holder.array.content : holder.volume.content;
}

/** What a holder holds once it is decrypted. */
export function decryptedContentOf(holder: PlannedHolder): PlannedContent {
  const content = contentOf(holder);
  return content.kind === "luks" ? content.inside : content;
}

/** The PARTUUID of a holder; arrays and volumes have none, and what is encrypted is not found by it. */
export function partitionUuidOf(holder: PlannedHolder): string | undefined {
  return holder.kind === "partition" && holder.partition.content.kind !== "luks"
    ? holder.partition.partitionUuid
    : undefined;
}

/** Says whether UEFI starts from a holder. */
export function isEsp(holder: PlannedHolder): boolean {
  return holder.kind === "partition" && holder.partition.type === "esp";
}

/** A file system of a plan that is mounted while a tree is restored, and afterwards by the system itself. */
export interface PlannedMount {
  readonly holder: PlannedHolder;
  readonly content: Extract<PlannedContent, { kind: "file-system" }>;
  readonly mountPoint: string;
}

/** The mounts of a plan, `/` first and each before what lies below it. */
export function mountsOf(plan: DiskPlan): PlannedMount[] {
  const mounts = holdersOf(plan).flatMap((holder): PlannedMount[] => {
    const content = decryptedContentOf(holder);
    if (content.kind !== "file-system" || content.mountPoint === undefined) return [];
    return [{ holder, content, mountPoint: content.mountPoint }];
  });
  return mounts.toSorted((one, other) => (one.mountPoint < other.mountPoint ? -1 : 1));
}

import type { FileSystemType } from "../layout/layout.ts";

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

/** What will be written: plain data, to be printed, stored and run. */
export interface DiskPlan {
  readonly version: 1;
  readonly sectorBytes: number;
  readonly disks: readonly PlannedDisk[];
}

/** A file system of a plan that is mounted while a tree is restored, and afterwards by the system itself. */
export interface PlannedMount {
  readonly disk: PlannedDisk;
  readonly partition: PlannedPartition;
  readonly content: Extract<PlannedContent, { kind: "file-system" }>;
  readonly mountPoint: string;
}

/** The mounts of a plan, `/` first and each before what lies below it. */
export function mountsOf(plan: DiskPlan): PlannedMount[] {
  const mounts = plan.disks.flatMap((disk) =>
    disk.partitions.flatMap((partition): PlannedMount[] => {
      const { content } = partition;
      if (content.kind !== "file-system" || content.mountPoint === undefined) return [];
      return [{ disk, partition, content, mountPoint: content.mountPoint }];
    }),
  );
  return mounts.toSorted((one, other) => (one.mountPoint < other.mountPoint ? -1 : 1));
}

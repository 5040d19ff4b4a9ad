import type { ChunkId } from "../tree/entry.ts";

/** How much a capture can be trusted to show one moment; `design.md` section 2 orders them, weakest first. */
export type Consistency = "fuzzy" | "crash" | "filesystem" | "application";

/** What was captured. */
export type SystemKind = "host" | "machine" | "directory";

/**
 * What an image says of itself: JSON, published as `docs/format/manifest.schema.json`. The head is known before the
 * tree is read, the tail after. A manifest names everything its image needs from the store through the indexes that
 * `treesOf` gives.
 */
export interface Manifest {
  /** 2 where the image has streams: who does not know them would let their chunks go. */
  readonly formatVersion: 1 | 2;
  readonly head: ManifestHead;
  readonly tail: ManifestTail;
}

/** What the system is and needs. */
export interface ManifestHead {
  readonly kind: SystemKind;
  readonly name: string;
  /** ISO 8601, UTC, when the capture began. */
  readonly capturedAt: string;
  /** The program that wrote it: `rehome 0.1.0`. */
  readonly writtenBy: string;
  readonly facts: SystemFacts;
  /** Taken for `/` only. */
  readonly hostFacts?: HostFacts;
  /** Patterns that were left out, default ones too, as they were given. */
  readonly excludes: readonly string[];
  /** Mounts that were entered and left out, for `/`. */
  readonly mounts: readonly MountDecision[];
  /** What was put into the tree beside what the system has: where it came from, and its path from the root. */
  readonly additions?: readonly { readonly source: string; readonly path: string }[];
  /** What was taken off all owners: the uid range of the machine; 0 for anything else. */
  readonly ownerShift: number;
}

/** What the captured tree itself tells, whichever host it lies on. Absent fields: the tree does not tell. */
export interface SystemFacts {
  /** The fields of `etc/os-release`, as they stand there. */
  readonly osRelease?: Readonly<Record<string, string>>;
  readonly hostname?: string;
  /** Of the binaries in the tree: `x86_64`, `aarch64`, … */
  readonly architecture?: string;
  /** Releases of the kernels in the tree (`lib/modules/*`). */
  readonly kernels: readonly string[];
  readonly packages: readonly PackageFact[];
  /** Entries of `etc/fstab`. */
  readonly fileSystems: readonly FileSystemTableEntry[];
  readonly bootLoader?: BootLoaderFact;
  /** For `machine:`, the text of its `.nspawn` file. */
  readonly configuration?: { readonly path: string; readonly text: string };
}

/** One installed package. */
export interface PackageFact {
  readonly manager: "dpkg" | "rpm";
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** As the tree tells it (SPDX or the words of its copyright file), several joined with " AND ". */
  readonly license?: string;
  /** Set by later validation rules; absent means the default of the rules in force. */
  readonly scope?: "all-machines" | "machine";
  /** Files of the package whose content is no longer what the package brought; paths from the root. */
  readonly modifiedFiles?: readonly string[];
  /** Patches applied to it, where the package manager knows patches. */
  readonly patches?: readonly string[];
}

/** A line of `etc/fstab`. */
export interface FileSystemTableEntry {
  readonly source: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly options: string;
}

/** What boots the tree. */
export interface BootLoaderFact {
  readonly kind: "grub" | "systemd-boot" | "extlinux" | "unknown";
  /** Firmwares for which boot files are in the tree. */
  readonly firmware: readonly ("bios" | "uefi")[];
}

/** Facts of the running host; only for `/`. */
export interface HostFacts {
  readonly kernelRelease: string;
  readonly architecture: string;
  /** `x86-64-v1` to `x86-64-v4`; absent elsewhere. */
  readonly cpuLevel?: string;
  readonly cpuModel?: string;
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly firmware: "bios" | "uefi";
  readonly disks: readonly DiskFact[];
  readonly networkInterfaces: readonly NetworkInterfaceFact[];
}

/** A block device and what lies on it, as `lsblk` shows it. */
export interface DiskFact {
  readonly name: string;
  readonly type: string;
  readonly sizeBytes: number;
  readonly model?: string;
  readonly serial?: string;
  readonly partitionTable?: string;
  readonly partitionType?: string;
  readonly partitionUuid?: string;
  readonly startSector?: number;
  readonly fileSystem?: string;
  readonly uuid?: string;
  readonly label?: string;
  /** The group of LVM that this is a physical volume of. */
  readonly volumeGroup?: string;
  readonly mountPoints?: readonly string[];
  readonly children?: readonly DiskFact[];
}

/** A network interface. Addresses with their prefix: `192.0.2.7/24`. */
export interface NetworkInterfaceFact {
  readonly name: string;
  readonly macAddress?: string;
  readonly kind?: string;
  readonly driver?: string;
  readonly addresses: readonly string[];
}

/** One mount below `/` and what was done with it. */
export interface MountDecision {
  readonly mountPoint: string;
  readonly source: string;
  readonly type: string;
  readonly taken: boolean;
  /** Why it was left out. */
  readonly reason?: string;
}

/** What the capture found. */
export interface ManifestTail {
  readonly tree: TreeReference;
  readonly counts: TreeCounts;
  readonly consistency: Consistency;
  /** Bounded list; `warningCount` has the whole number. */
  readonly warnings: readonly CaptureWarning[];
  readonly warningCount: number;
  readonly durationMs: number;
  /** Absent in an image of a program that did not look for secrets. */
  readonly secrets?: SecretsFound;
  /** Absent where no raw partition was captured. */
  readonly streams?: StreamsCaptured;
}

/** Raw partitions and files that lie in an image beside its tree. */
export interface StreamsCaptured {
  /** Names which stretch of which stream has which chunks (`docs/format/image.md` section 2.8). */
  readonly index: TreeReference;
  /** Ascending by name. */
  readonly list: readonly StreamFact[];
}

/** One raw partition or file, byte for byte. */
export interface StreamFact {
  readonly name: string;
  /** The path that it was read from. */
  readonly source: string;
  readonly kind: "device" | "file";
  readonly sizeBytes: number;
  /** Without the stretches of zeros. */
  readonly dataBytes: number;
  /** SHA-256 over what the index says of it, 64 hex digits. Equal for equal bytes. */
  readonly digest: string;
  /** `filesystem`: nobody could write to it meanwhile; `fuzzy`: it changed while it was read. */
  readonly consistency: Consistency;
  /** Signatures of what lies on it, as blkid names them: `ext4`, `ntfs`, … */
  readonly holds: readonly string[];
}

/** Where the tree index lies: chunks that, joined, are the top table (`docs/format/image.md`). */
export interface TreeReference {
  readonly table: readonly { readonly id: ChunkId; readonly lengthBytes: number }[];
  /** SHA-256 over the ids of the segments in order, 64 hex digits. Equal for equal content and restorable metadata. */
  readonly digest: string;
}

/** Sizes of a tree. `bytes` is the sum of the sizes of all regular files, holes left out. */
export interface TreeCounts {
  readonly entries: number;
  readonly files: number;
  readonly bytes: number;
}

/** What a secret is of use for. */
export type SecretKind = "password-hashes" | "private-key" | "credentials" | "token";

/** A file that holds secrets. `path` as `displayBytes` writes it. */
export interface SecretFile {
  readonly path: string;
  readonly kind: SecretKind;
}

/**
 * The files that are known to hold secrets. `included`: known by their paths, and in the image with their contents.
 * `left-out`: known by paths or contents; the image has them as empty files with all their metadata.
 */
export interface SecretsFound {
  readonly contents: "included" | "left-out";
  readonly count: number;
  /** In walk order: all of them where contents were left out, else the first thousand. */
  readonly files: readonly SecretFile[];
}

/** Something a capture could not take as it stands. `path` as `displayBytes` writes it. */
export interface CaptureWarning {
  readonly kind:
    | "changed-while-read"
    | "vanished"
    | "unreadable"
    | "left-out"
    | "outside-owner-range"
    | "hook"
    | "consistency";
  readonly path?: string;
  readonly message: string;
}

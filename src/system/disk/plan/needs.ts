import type { FileSystemType, PartitionContent } from "../layout/layout.ts";

/** What a restored tree takes below one mount point, file systems mounted deeper left out. */
export interface Usage {
  /** Content of files, each rounded up to whole blocks of 4 KiB. */
  readonly bytes: number;
  /** Files, directories and everything else that takes an inode. */
  readonly entries: number;
}

interface Need {
  /** Of the smallest file system that `mkfs` makes or the kernel takes. */
  readonly smallestBytes: number;
  /** What the file system keeps for itself: journal, maps, reserves. */
  readonly fixedBytes: number;
  readonly perEntryBytes: number;
  /** Of the content. Leaves a tenth free, as a system that starts writes logs. */
  readonly factor: number;
}

const mib = 2 ** 20;

/** Measured with e2fsprogs 1.47, xfsprogs 6.1, btrfs-progs 6.2 and dosfstools 4.2; a test fills file systems of these sizes. */
const needs: Readonly<Record<FileSystemType, Need>> = {
  ext2: { smallestBytes: 4 * mib, fixedBytes: 4 * mib, perEntryBytes: 512, factor: 1.13 },
  ext3: { smallestBytes: 8 * mib, fixedBytes: 40 * mib, perEntryBytes: 512, factor: 1.13 },
  ext4: { smallestBytes: 8 * mib, fixedBytes: 40 * mib, perEntryBytes: 512, factor: 1.13 },
  xfs: { smallestBytes: 320 * mib, fixedBytes: 96 * mib, perEntryBytes: 1024, factor: 1.11 },
  btrfs: { smallestBytes: 256 * mib, fixedBytes: 160 * mib, perEntryBytes: 4096, factor: 1.13 },
  vfat: { smallestBytes: 40 * mib, fixedBytes: 2 * mib, perEntryBytes: 512, factor: 1.1 },
  jfs: { smallestBytes: 32 * mib, fixedBytes: 16 * mib, perEntryBytes: 1024, factor: 1.11 },
  reiserfs: { smallestBytes: 64 * mib, fixedBytes: 36 * mib, perEntryBytes: 512, factor: 1.11 },
};

/** The size below which a file system or swap area does not fit; 0 for everything else. */
export function neededBytes(content: PartitionContent | undefined, usage: Usage | undefined): number {
  if (content?.kind === "swap") return mib;
  if (content?.kind !== "file-system") return 0;
  const need = needs[content.type];
  if (usage === undefined) return need.smallestBytes;
  const filled = need.fixedBytes + usage.entries * need.perEntryBytes + usage.bytes * need.factor;
  return Math.max(need.smallestBytes, Math.ceil(filled));
}

/** Bytes of an ext file system for each inode that `mke2fs` makes unless told, for small and for other sizes. */
const bytesPerInode = (sizeBytes: number): number => (sizeBytes < 512 * mib ? 4096 : 16384);

/** How many inodes `mke2fs` must be told to make, where its own number leaves too few; undefined where it does not. */
export function chooseInodeCount(
  content: PartitionContent | undefined,
  usage: Usage | undefined,
  sizeBytes: number,
): number | undefined {
  if (content?.kind !== "file-system" || !content.type.startsWith("ext") || usage === undefined) return undefined;
  const wanted = Math.ceil(usage.entries * 1.2) + 1000;
  return wanted > sizeBytes / bytesPerInode(sizeBytes) ? wanted : undefined;
}

import type { PlannedContent } from "../plan/disk-plan.ts";
import type { ToolCommand } from "./tool-command.ts";

type MadeContent = Extract<PlannedContent, { kind: "file-system" | "swap" }>;
type FileSystem = Extract<PlannedContent, { kind: "file-system" }>;

/**
 * Features that are named one by one, whatever the host's mke2fs.conf says: any kernel from 4.x on mounts them, GRUB reads them,
 * and equal plans give equal file systems on different hosts.
 */
const ext2Features = "none,ext_attr,resize_inode,dir_index,filetype,sparse_super,large_file";
const extFeatures = {
  ext2: ext2Features,
  ext3: `${ext2Features},has_journal`,
  ext4: `${ext2Features},has_journal,extent,64bit,flex_bg,huge_file,dir_nlink,extra_isize,metadata_csum`,
};

/** The programs that make `content` on `device`, to be run in this order. */
export function makeFileSystemCommands(content: MadeContent, device: string): ToolCommand[] {
  const { uuid, label } = content;
  if (content.kind === "swap") return [{ command: "mkswap", args: ["-q", "-U", uuid, ...option("-L", label), device] }];
  switch (content.type) {
    case "ext2":
    case "ext3":
    case "ext4":
      return [{ command: "mke2fs", args: [...extArguments(content, content.type), device] }];
    case "xfs":
      return [{ command: "mkfs.xfs", args: ["-q", "-f", "-m", `uuid=${uuid}`, ...option("-L", label), device] }];
    case "btrfs":
      return [{ command: "mkfs.btrfs", args: ["-q", "-f", "-U", uuid, ...option("-L", label), device] }];
    case "vfat": {
      const id = uuid.replace("-", "");
      // I: whatever partitions somebody else once had on the same loop device.
      return [
        { command: "mkfs.vfat", args: ["-I", "-F", "32", "-i", id, ...option("-n", label), device], env: fixedTime },
      ];
    }
    case "jfs":
      return [
        { command: "mkfs.jfs", args: ["-q", ...option("-L", label), device] },
        { command: "jfs_tune", args: ["-U", uuid, device] },
      ];
    case "reiserfs":
      return [{ command: "mkfs.reiserfs", args: ["-q", "-ff", "-u", uuid, ...option("-l", label), device] }];
  }
}

/** Else the time goes into the volume. */
const fixedTime = { SOURCE_DATE_EPOCH: "315532800", TZ: "UTC" };

function extArguments({ uuid, label, hashSeed, inodeCount }: FileSystem, type: "ext2" | "ext3" | "ext4"): string[] {
  const extended = [
    "root_owner=0:0",
    // Zeros that are there already are not written again; the first start of the system does it where they were not.
    ...(type === "ext4" ? ["lazy_itable_init=1", "lazy_journal_init=1"] : []),
    ...(hashSeed === undefined ? [] : [`hash_seed=${hashSeed}`]),
  ].join(",");
  return [
    "-q",
    "-F",
    "-t",
    type,
    "-O",
    extFeatures[type],
    "-I",
    "256",
    "-b",
    "4096",
    "-m",
    "1",
    "-U",
    uuid,
    "-E",
    extended,
    ...option("-L", label),
    ...option("-N", inodeCount === undefined ? undefined : String(inodeCount)),
  ];
}

function option(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}

/** The program that makes a file system, or a swap area. */
export function makerOf(content: MadeContent): string {
  return makeFileSystemCommands(content, "")[0]?.command ?? "";
}

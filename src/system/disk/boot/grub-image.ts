import type { ToolCommand } from "../commands/tool-command.ts";
import type { FileSystemType } from "../layout/layout.ts";

/** A kind of computer that GRUB starts, as its directories and `grub-mkimage` name it. */
export type GrubPlatform = "i386-pc" | "x86_64-efi";

const fileSystemModules: Readonly<Record<FileSystemType, string>> = {
  ext2: "ext2",
  ext3: "ext2",
  ext4: "ext2",
  xfs: "xfs",
  btrfs: "btrfs",
  vfat: "fat",
  jfs: "jfs",
  reiserfs: "reiserfs",
};

/** What a file system lies on. */
export type GrubLayer = "array" | "volume";

const layerModules: Readonly<Record<GrubLayer, readonly string[]>> = {
  array: ["diskfilter", "mdraid1x"],
  volume: ["diskfilter", "lvm"],
};

/** Everything that the menu and someone at GRUB's prompt need, as nothing is loaded later. */
const commonModules = [
  "part_gpt",
  "part_msdos",
  "fat",
  "search",
  "search_fs_uuid",
  "search_label",
  "normal",
  "configfile",
  "linux",
  "serial",
  "terminal",
  "echo",
  "test",
  "ls",
  "cat",
  "gzio",
  "zstd",
  "xzio",
  "reboot",
  "halt",
  "minicmd",
];
const platformModules: Readonly<Record<GrubPlatform, readonly string[]>> = {
  "i386-pc": ["biosdisk"],
  "x86_64-efi": ["efi_gop", "efi_uga", "video", "chain"],
};

/** Makes the image with which GRUB starts, whole: it runs `earlyConfigPath`, and loads no module from the disk. `below` is what the file system of `/boot` lies on. */
export function grubImageCommand(
  platform: GrubPlatform,
  bootFileSystem: FileSystemType,
  below: readonly GrubLayer[],
  paths: { readonly directory: string; readonly earlyConfig: string; readonly output: string },
): ToolCommand {
  const modules = new Set([
    ...platformModules[platform],
    ...commonModules,
    fileSystemModules[bootFileSystem],
    ...below.flatMap((layer) => layerModules[layer]),
  ]);
  return {
    command: "grub-mkimage",
    args: [
      "--format",
      platform,
      "--directory",
      paths.directory,
      "--prefix",
      "/boot/grub",
      "--config",
      paths.earlyConfig,
      "--output",
      paths.output,
      ...modules,
    ],
  };
}

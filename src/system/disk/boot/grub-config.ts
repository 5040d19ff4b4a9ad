import type { BootKernel } from "./kernels.ts";

/** What a menu of GRUB is made of. */
export interface GrubMenu {
  /** For people; anything that GRUB could take for more than text is left out. */
  readonly systemName: string;
  readonly kernels: readonly BootKernel[];
  readonly parameters: readonly string[];
  /** Of the file system that holds the kernels. */
  readonly bootUuid: string;
  /** Where that file system is mounted: `/` or `/boot`. */
  readonly bootMountPoint: string;
  /** Of `/`. */
  readonly rootUuid: string;
  readonly rootPartitionUuid: string | undefined;
}

/** The menu of GRUB: an entry for each kernel, everything by UUID. */
export function formatGrubConfig(menu: GrubMenu): string {
  const name = menu.systemName.replaceAll(/[^\w .()/+-]/g, "").slice(0, 100) || "Linux";
  const entries = menu.kernels.flatMap((kernel) => [
    `menuentry "${name}, ${kernel.version}" {`,
    `  search --no-floppy --fs-uuid --set=root ${menu.bootUuid}`,
    `  linux ${inBoot(kernel.path, menu)} ${[rootWord(kernel, menu), "ro", ...menu.parameters].join(" ")}`,
    ...(kernel.initramfs === undefined ? [] : [`  initrd ${inBoot(kernel.initramfs, menu)}`]),
    "}",
  ]);
  return [
    "# Written by rehome when it built this disk; the system's own tools may write it anew.",
    "set default=0",
    "set timeout=2",
    // What goes wrong before the kernel runs is then seen on a serial console, too.
    "if serial --unit=0 --speed=115200; then terminal_output --append serial; fi",
    "",
    ...entries,
    "",
  ].join("\n");
}

/** What GRUB runs first, from its own image: finds the file system with the menu. */
export function formatEarlyConfig({ bootUuid, bootMountPoint }: Pick<GrubMenu, "bootUuid" | "bootMountPoint">): string {
  const prefix = inBoot("/boot/grub", { bootMountPoint });
  return [
    `search.fs_uuid ${bootUuid} root`,
    `set prefix=($root)${prefix}`,
    `configfile ($root)${prefix}/grub.cfg`,
    "",
  ].join("\n");
}

/** Without an initramfs the kernel itself looks for its root, and knows partitions only. */
function rootWord({ initramfs }: BootKernel, { rootUuid, rootPartitionUuid }: GrubMenu): string {
  return initramfs === undefined ? `root=PARTUUID=${rootPartitionUuid}` : `root=UUID=${rootUuid}`;
}

/** Where a path of the tree is on the file system that holds `/boot`. */
function inBoot(path: string, { bootMountPoint }: Pick<GrubMenu, "bootMountPoint">): string {
  return bootMountPoint === "/" ? path : path.slice(bootMountPoint.length);
}

import type { ManifestHead } from "../../../core/manifest/manifest.ts";
import type { Firmware } from "../plan/layout-check.ts";
import { fileSystemTypes, type Layout, type PartitionLayout } from "../layout/layout.ts";
import { layoutOfDisks } from "./source-layout.ts";

const mib = 2 ** 20;

/**
 * The layout for an image when no other is given: that of the disks it was captured from where they are known and can start a
 * computer of this firmware; else one GPT with what the firmware needs and all of the tree in one file system of the type that
 * the tree's fstab names for `/` (ext4 where it names none).
 *
 * @throws {LayoutRefusedError} If the disks are known and something on them cannot be described.
 */
export function defaultLayout(head: Pick<ManifestHead, "hostFacts" | "facts">, firmware: readonly Firmware[]): Layout {
  const disks = head.hostFacts?.disks ?? [];
  return disks.length > 0 ? ensureBoot(layoutOfDisks(disks), firmware) : ensureBoot(singleDisk(head), firmware);
}

function singleDisk({ facts }: Pick<ManifestHead, "facts">): Layout {
  const root = facts.fileSystems.find(({ mountPoint }) => mountPoint === "/");
  const type = fileSystemTypes.find((known) => known === root?.type && known !== "vfat") ?? "ext4";
  const label = /^LABEL=(.+)$/.exec(root?.source ?? "")?.[1];
  const partition: PartitionLayout = {
    type: "linux",
    size: { kind: "fill" },
    content: { kind: "file-system", type, mountPoint: "/", ...(label !== undefined && { label }) },
  };
  return { version: 1, disks: [{ name: "disk", table: "gpt", partitions: [partition] }] };
}

/** Adds the partitions that a GPT needs to start; on an MBR a BIOS starts as it is. */
function ensureBoot(layout: Layout, firmware: readonly Firmware[]): Layout {
  const [first, ...others] = layout.disks;
  if (first?.table !== "gpt") return layout;
  const lacks = (type: string): boolean =>
    layout.disks.every(({ partitions }) => partitions.every((partition) => partition.type !== type));
  const added: PartitionLayout[] = [];
  if (firmware.includes("bios") && lacks("bios-boot"))
    added.push({ type: "bios-boot", size: { kind: "bytes", sizeBytes: mib } });
  if (firmware.includes("uefi") && lacks("esp"))
    added.push({
      type: "esp",
      size: { kind: "bytes", sizeBytes: 64 * mib },
      content: { kind: "file-system", type: "vfat", mountPoint: "/boot/efi" },
    });
  return { ...layout, disks: [{ ...first, partitions: [...added, ...first.partitions] }, ...others] };
}

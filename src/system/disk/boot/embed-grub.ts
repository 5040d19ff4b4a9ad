import type { PlannedDisk } from "../plan/disk-plan.ts";
import { BootLoaderError } from "./errors.ts";

/** Offsets of boot.img and diskboot.img, from GRUB's include/grub/i386/pc/boot.h and diskboot.S. */
const codeBytes = 440;
const coreSectorOffset = 0x5c;
const driveCheckOffset = 0x66;
const blockListOffset = 512 - 12;
const noOperation = 0x90;

/** Bytes to be written at an offset of a disk. */
export interface DiskPatch {
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
}

/**
 * What makes a BIOS start GRUB from `disk`: the code of the first sector (its table and disk id stay) and the core image, in the
 * BIOS boot partition of a GPT, behind the first sector of an MBR. This is what grub-bios-setup(8) does, for a disk that is a file
 * and has no devices of its own.
 *
 * @throws {BootLoaderError} If there is no room for the core image.
 */
export function embedGrub(
  disk: PlannedDisk,
  sectorBytes: number,
  bootImage: Uint8Array,
  core: Uint8Array,
): DiskPatch[] {
  const { startSector, sectorCount } = roomForCore(disk, sectorBytes);
  if (sectorBytes !== 512) throw new BootLoaderError("a BIOS starts from sectors of 512 bytes only");
  if (bootImage.length < codeBytes || core.length < 512) throw new BootLoaderError("GRUB's images are too short");
  if (core.length > sectorCount * sectorBytes)
    throw new BootLoaderError(
      `GRUB's core image has ${core.length} bytes, there is room for ${sectorCount * sectorBytes} on disk "${disk.name}"`,
    );
  const code = Buffer.from(bootImage.subarray(0, codeBytes));
  code.writeBigUInt64LE(BigInt(startSector), coreSectorOffset);
  // As grub-bios-setup does for hard disks: do not believe a BIOS that says it started from a floppy.
  code.fill(noOperation, driveCheckOffset, driveCheckOffset + 2);
  const placed = Buffer.from(core);
  placed.writeBigUInt64LE(BigInt(startSector + 1), blockListOffset);
  return [
    { offsetBytes: startSector * sectorBytes, bytes: placed },
    { offsetBytes: 0, bytes: code },
  ];
}

function roomForCore(disk: PlannedDisk, sectorBytes: number): { startSector: number; sectorCount: number } {
  if (disk.table === "mbr") {
    const first = Math.min(...disk.partitions.map(({ startSector }) => startSector));
    return { startSector: 1, sectorCount: Math.max(0, Math.min(first, 2 ** 20 / sectorBytes) - 1) };
  }
  const partition = disk.partitions.find(({ type }) => type === "bios-boot");
  if (partition === undefined)
    throw new BootLoaderError(`disk "${disk.name}" has a GPT and no partition of type bios-boot`);
  return partition;
}

import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { UsageError } from "../../../core/errors.ts";
import { inspectDevice } from "../../../host/disk/inspect-device.ts";
import { bootRecordBytes } from "../node/disk/plan-node-disks.ts";

/** The code at the start of a disk of this host, in base64. @throws {UsageError} If there is no such disk. */
export function readBootRecord(disk: string): string {
  const file = openSync(deviceOf(disk, "copy the boot record of"), "r");
  try {
    const bytes = Buffer.alloc(bootRecordBytes);
    readSync(file, bytes, 0, bytes.length, 0);
    return bytes.toString("base64");
  } finally {
    closeSync(file);
  }
}

/** Patterns that leave out what is mounted from disks of this host; the mount points stay. @throws {UsageError} If there is no such disk, or `/` is on it. */
export async function excludesOfDisks(disks: readonly string[]): Promise<string[]> {
  const patterns: string[] = [];
  for (const disk of disks) {
    const { usedBy } = await inspectDevice(deviceOf(disk, "leave out"));
    const mountPoints = usedBy.filter((user) => user.startsWith("/"));
    if (mountPoints.includes("/"))
      throw new UsageError(`cannot leave out disk "${disk}": "/" is on it`, "Leave out others, or serve a directory.");
    patterns.push(...mountPoints.map((mountPoint) => `${mountPoint.replaceAll(/[\\*?[\]!# ]/g, String.raw`\$&`)}/*`));
  }
  return patterns;
}

function deviceOf(disk: string, what: string): string {
  const device = `/dev/${disk}`;
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(disk) && existsSync(device)) return device;
  throw new UsageError(`cannot ${what} disk "${disk}": this host has none of that name`, "Name it as `lsblk` does.");
}

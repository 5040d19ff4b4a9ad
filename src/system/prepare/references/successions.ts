import type { DiskFact } from "../../../core/manifest/manifest.ts";
import { byteStringFromText } from "../../../core/tree/byte-string.ts";
import { deviceOf, parseTableLines, type OldDevice, type TableLine } from "./table-lines.ts";

/** A file system or swap area that the system has from now on. */
export interface NewFileSystem {
  /** As fstab(5) names it: `ext4`, `vfat`, `swap`. */
  readonly type: string;
  readonly uuid: string;
  /** Empty for what lies on no partition of its own. */
  readonly partitionUuid: string;
  readonly mountPoint?: string;
  /** As in fstab(5), joined with commas. */
  readonly options: string;
}

/** What takes the place of a device; without `successor` nothing does. */
export interface Succession extends OldDevice {
  readonly successor?: NewFileSystem;
}

/** What is known of a system's old devices: its fstab, and the disks of the host it ran on where those were recorded. */
export interface OldSystem {
  /** `etc/fstab`, one character for each byte. */
  readonly fstab: string;
  readonly disks: readonly DiskFact[];
}

/**
 * Finds what takes the place of each old device: the new file system with the same mount point, and for swap areas the new
 * one in the same order. Devices that hold neither have no successor.
 */
export function findSuccessions(old: OldSystem, created: readonly NewFileSystem[]): Succession[] {
  const devices = [...knownDevices(old.disks)];
  let swapCount = 0;
  for (const line of parseTableLines(old.fstab)) {
    const named = deviceOf(line);
    if (named === undefined) continue;
    let known = devices.find((device) => overlaps(device, named));
    if (known === undefined) devices.push((known = { ...named, mountPoints: [] }));
    if (line.type === "swap") known.swapNumber = swapCount++;
    else known.mountPoints.push(line.mountPoint);
  }
  const swaps = created.filter(({ type }) => type === "swap");
  return devices.map(({ mountPoints, swapNumber, ...names }) => {
    // A btrfs is mounted in several places; the first of them in the new system is what counts.
    const successor =
      swapNumber === undefined
        ? created.find(
            ({ mountPoint }) => mountPoint !== undefined && mountPoints.includes(byteStringFromText(mountPoint)),
          )
        : swaps[swapNumber];
    return successor ? { ...names, successor } : names;
  });
}

interface UsedDevice extends OldDevice {
  /** One character for each byte. */
  readonly mountPoints: string[];
  swapNumber?: number;
}

function* knownDevices(disks: readonly DiskFact[]): Generator<UsedDevice> {
  for (const { name, type, uuid, partitionUuid, mountPoints, children } of disks) {
    const isMapped = ["lvm", "crypt", "dm", "mpath"].includes(type);
    yield {
      uuids: uuid === undefined ? [] : [uuid],
      partitionUuids: partitionUuid === undefined ? [] : [partitionUuid],
      devices: [`/dev/${name}`, ...(isMapped ? [`/dev/mapper/${name}`] : [])],
      mountPoints: (mountPoints ?? []).filter((path) => path.startsWith("/")).map(byteStringFromText),
    };
    yield* knownDevices(children ?? []);
  }
}

function overlaps(one: OldDevice, other: OldDevice): boolean {
  const has = (mine: readonly string[], theirs: readonly string[]): boolean =>
    theirs.some((name) => mine.some((mineName) => mineName.toLowerCase() === name.toLowerCase()));
  return (
    has(one.uuids, other.uuids) || has(one.partitionUuids, other.partitionUuids) || has(one.devices, other.devices)
  );
}

/** The succession of the device that a line of fstab names, if it names one of them. */
export function successionOf(line: TableLine, successions: readonly Succession[]): Succession | undefined {
  const named = deviceOf(line);
  return named && successions.find((succession) => overlaps(succession, named));
}

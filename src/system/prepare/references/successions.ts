import type { DiskFact } from "../../../core/manifest/manifest.ts";
import { byteStringFromText } from "../../../core/tree/byte-string.ts";
import { deviceOf, parseTableLines, type OldDevice, type TableLine } from "./table-lines.ts";

/** A file system or swap area that the system has from now on. */
export interface NewFileSystem {
  /** As fstab(5) names it: `ext4`, `vfat`, `swap`. */
  readonly type: string;
  readonly uuid: string;
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
    const use = line.type === "swap" ? { swapNumber: swapCount++ } : { mountPoint: line.mountPoint };
    const known = devices.find((device) => overlaps(device, named));
    if (known) Object.assign(known, use);
    else devices.push({ ...named, ...use });
  }
  const swaps = created.filter(({ type }) => type === "swap");
  return devices.map(({ mountPoint, swapNumber, ...names }) => {
    const successor =
      swapNumber === undefined
        ? created.find((candidate) => candidate.mountPoint !== undefined && isAt(candidate.mountPoint, mountPoint))
        : swaps[swapNumber];
    return successor ? { ...names, successor } : names;
  });
}

interface UsedDevice extends OldDevice {
  /** One character for each byte. */
  readonly mountPoint?: string;
  readonly swapNumber?: number;
}

function isAt(mountPoint: string, bytes: string | undefined): boolean {
  return byteStringFromText(mountPoint) === bytes;
}

function* knownDevices(disks: readonly DiskFact[]): Generator<UsedDevice> {
  for (const { name, type, uuid, partitionUuid, mountPoints, children } of disks) {
    const mountPoint = mountPoints?.find((path) => path.startsWith("/"));
    const isMapped = ["lvm", "crypt", "dm", "mpath"].includes(type);
    yield {
      uuids: uuid === undefined ? [] : [uuid],
      partitionUuids: partitionUuid === undefined ? [] : [partitionUuid],
      devices: [`/dev/${name}`, ...(isMapped ? [`/dev/mapper/${name}`] : [])],
      ...(mountPoint !== undefined && { mountPoint: byteStringFromText(mountPoint) }),
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

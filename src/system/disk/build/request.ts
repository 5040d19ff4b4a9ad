import type { Firmware } from "../plan/layout-check.ts";
import type { DiskPlan, PlannedDisk } from "../plan/disk-plan.ts";

/** What is built, and where. */
export interface BuildRequest {
  readonly plan: DiskPlan;
  /** The file or block device of each disk of the plan, by its name. */
  readonly paths: ReadonlyMap<string, string>;
  readonly firmware: readonly Firmware[];
  /** An empty directory of the build's own; what lies in it is gone afterwards. */
  readonly workDirectory: string;
  /** What the menu of the boot loader calls the system. */
  readonly systemName: string;
  /** Puts a console on the first serial port where the system names none. */
  readonly hasSerialConsole: boolean;
}

/** A file system or swap area that a build made, as the files of the system have to name it. */
export interface CreatedFileSystem {
  readonly type: string;
  readonly uuid: string;
  readonly partitionUuid: string;
  readonly mountPoint?: string;
  readonly options: string;
}

/** Something in a file of the system that still leads to a disk it no longer has. */
export interface StaleReference {
  /** From 1. */
  readonly line: number;
  readonly reference: string;
}

/** Where the tree on the disk comes from, and what makes it at home there. Each may be called again after it failed half-way. */
export interface BuildSource {
  /** Writes the tree into a directory in which nothing but its mount points is. */
  readonly restore: (tree: string, signal?: AbortSignal) => Promise<void>;
  /** A captured stream, from its start to its end; zeros too. */
  readonly readStream: (name: string) => AsyncIterable<Uint8Array>;
  /** Makes the files of the tree name what was created, and whatever else its new home asks for. */
  readonly prepare: (tree: string, created: readonly CreatedFileSystem[], signal?: AbortSignal) => Promise<void>;
  /** Finds what is left of the old disks in a text of one character for each byte. */
  readonly findStale: (text: string) => readonly StaleReference[];
  /** Holds the whole tree against where it came from. @throws If anything differs that nothing accounts for. */
  readonly verify: (tree: string, signal?: AbortSignal) => Promise<void>;
  /** Called last, when nothing is written into the tree any more. */
  readonly finish: (tree: string) => void;
}

/** The file or device of a disk. */
export function pathOf(request: BuildRequest, disk: PlannedDisk): string {
  const path = request.paths.get(disk.name);
  if (path === undefined) throw new RangeError(`no path was given for disk "${disk.name}"`);
  return path;
}

/** What `prepare` is told that a plan makes. */
export function createdFileSystems(plan: DiskPlan): CreatedFileSystem[] {
  return plan.disks.flatMap(({ partitions }) =>
    partitions.flatMap(({ content, partitionUuid }): CreatedFileSystem[] => {
      if (content.kind === "swap") return [{ type: "swap", uuid: content.uuid, partitionUuid, options: "sw" }];
      if (content.kind !== "file-system") return [];
      const { type, uuid, mountPoint, mountOptions } = content;
      return [{ type, uuid, partitionUuid, options: mountOptions, ...(mountPoint !== undefined && { mountPoint }) }];
    }),
  );
}

import type { Firmware } from "../plan/layout-check.ts";
import {
  contentOf,
  decryptedContentOf,
  holdersOf,
  partitionUuidOf,
  type DiskPlan,
  type PlannedDisk,
} from "../plan/disk-plan.ts";

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
  /** For each LUKS of the plan, by its name: the file whose first line is its passphrase. */
  readonly passphraseFiles?: ReadonlyMap<string, string>;
}

/** A file system or swap area that a build made, as the files of the system have to name it. */
export interface CreatedFileSystem {
  readonly type: string;
  readonly uuid: string;
  /** Empty for what lies on no partition of its own. */
  readonly partitionUuid: string;
  readonly mountPoint?: string;
  readonly options: string;
}

/** All that a build made and the files of the system have to name. */
export interface CreatedHome {
  readonly fileSystems: readonly CreatedFileSystem[];
  /** What is to be opened with a passphrase when the system starts. */
  readonly encrypted: readonly { readonly name: string; readonly uuid: string }[];
  readonly arrays: readonly { readonly name: string; readonly uuid: string }[];
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
  readonly prepare: (tree: string, created: CreatedHome, signal?: AbortSignal) => Promise<void>;
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
export function createdHome(plan: DiskPlan): CreatedHome {
  const holders = holdersOf(plan);
  return {
    fileSystems: holders.flatMap((holder): CreatedFileSystem[] => {
      const content = decryptedContentOf(holder);
      const partitionUuid = partitionUuidOf(holder) ?? "";
      if (content.kind === "swap") return [{ type: "swap", uuid: content.uuid, partitionUuid, options: "sw" }];
      if (content.kind !== "file-system") return [];
      const { type, uuid, mountPoint, mountOptions } = content;
      return [{ type, uuid, partitionUuid, options: mountOptions, ...(mountPoint !== undefined && { mountPoint }) }];
    }),
    encrypted: holders.map(contentOf).flatMap((content) => (content.kind === "luks" ? [content] : [])),
    arrays: plan.arrays,
  };
}

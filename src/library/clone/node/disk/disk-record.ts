import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { diskPorts } from "../../../../host/disk/disk-ports.ts";
import { replaceFile, syncPath } from "../../../../host/replace-file.ts";
import type { BuildStep } from "../../../../system/disk/build/build-steps.ts";
import { releaseParts } from "../../../../system/disk/build/open-parts.ts";
import { DeviceRefusedError } from "../../../../system/disk/target/check-device.ts";
import type { WrittenTree } from "../../../../system/restore/run.ts";
import { tryLock } from "../../../restore/restore-ports.ts";
import type { Paths } from "../../../settings/settings.ts";
import type { NodeDisks } from "./plan-node-disks.ts";

/** How far a join came with the disks of this node; plain data. */
export interface DiskProgress {
  readonly formatVersion: 1;
  readonly image: string;
  readonly disks: NodeDisks;
  /** Steps that are over, in their order. */
  readonly done: readonly BuildStep["name"][];
  /** Once the tree is written and read back. */
  readonly written?: WrittenTree;
  /** What the image has as fstab, one character a byte; empty where there is none. */
  readonly fstab?: string;
  /** The file systems have no room for what came: they are not gone on with. */
  readonly isTooSmall?: boolean;
  /** The tree is one that can start. */
  readonly isSystem?: boolean;
}

/**
 * Remembers on this node what a join does to its disks, so that the same join goes on after a kill, and nobody else begins meanwhile.
 *
 * Invariant: what {@link write} was given is on stable storage.
 */
export class DiskRecord implements Disposable {
  /** Where the tree is mounted, and other things of a build. */
  readonly workDirectory: string;
  readonly #path: string;
  readonly #locks: readonly number[];

  /**
   * Keeps others away from devices, and takes down what a killed join left of them: mounts, and what lies over them.
   *
   * @throws {DeviceRefusedError} If another join writes to one.
   */
  static async hold({ stateDirectory }: Paths, devices: readonly string[]): Promise<DiskRecord> {
    const directory = `${stateDirectory}/clone-nodes`;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    using opened = new DisposableStack();
    const locks = devices.toSorted().map((device) => {
      const file = openSync(`${directory}/disk-${keyOf([device])}.lock`, "w", 0o600);
      opened.defer(() => closeSync(file));
      if (tryLock(file)) return file;
      throw new DeviceRefusedError(device, "another join is at work on it", "Wait for it to end.");
    });
    const record = new DiskRecord(placeOf(stateDirectory, devices), locks);
    opened.move();
    await diskPorts.unmountBelow(`${record.workDirectory}/tree`);
    // Without a record nothing over the devices is a join's.
    if (existsSync(record.#path)) {
      const paths = new Map(devices.map((device) => [device, device]));
      await releaseParts({ paths }, diskPorts);
    }
    return record;
  }

  private constructor(path: string, locks: readonly number[]) {
    this.#path = `${path}.json`;
    this.workDirectory = `${path}.work`;
    this.#locks = locks;
  }

  write(progress: DiskProgress): void {
    replaceFile(this.#path, `${JSON.stringify(progress)}\n`, true);
    syncPath(this.#path.slice(0, this.#path.lastIndexOf("/")));
  }

  /** The disks are finished: whoever joins with them again begins anew. */
  remove(): void {
    rmSync(this.#path, { force: true });
    rmSync(this.workDirectory, { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    for (const lock of this.#locks) closeSync(lock);
  }
}

/** What an earlier join did to devices, if its partition tables are on them still. */
export async function readDiskProgress(
  { stateDirectory }: Paths,
  devices: readonly string[],
): Promise<DiskProgress | undefined> {
  let progress: DiskProgress;
  try {
    progress = JSON.parse(readFileSync(`${placeOf(stateDirectory, devices)}.json`, "utf8")) as DiskProgress;
  } catch (error) {
    // Not there, or not as it was written: the disks are then like those of anybody.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const { plan, targets } = progress.disks;
  for (const { disk, path } of targets) {
    const id = plan.disks.find(({ name }) => name === disk)?.id;
    if (id === undefined || (await readDiskId(path)) !== id) return undefined;
  }
  return progress;
}

function placeOf(stateDirectory: string, devices: readonly string[]): string {
  return `${stateDirectory}/clone-nodes/disk-${keyOf(devices)}`;
}

function keyOf(devices: readonly string[]): string {
  return createHash("sha256").update(devices.join("\0")).digest("hex").slice(0, 32);
}

/** As plans write it; undefined where there is no partition table. */
async function readDiskId(device: string): Promise<string | undefined> {
  try {
    const id = await diskPorts.run({ command: "sfdisk", args: ["--disk-id", device] });
    return id.trim().toLowerCase().replace(/^0x/, "");
  } catch {
    return undefined;
  }
}

import { crashPoint } from "../../../core/crash-points.ts";
import { throwIfInterrupted } from "../../../core/errors.ts";
import { installBootLoader } from "../boot/install-boot-loader.ts";
import { makeFileSystemCommands } from "../commands/make-file-system.ts";
import { partitionCommand } from "../commands/partition-table.ts";
import { contentOf, decryptedContentOf, holdersOf } from "../plan/disk-plan.ts";
import { checkTree } from "./check-tree.ts";
import { fillFats } from "./fill-fat.ts";
import { requireStartTools } from "../stack/start-tools.ts";
import { KeptTree, type MountedTree } from "./mounted-tree.ts";
import { claimDisks, openParts, releaseParts, requirePassphrases } from "./open-parts.ts";
import type { DiskPorts } from "./ports.ts";
import { createdHome, pathOf, type BuildRequest, type BuildSource } from "./request.ts";

/** A unit of a build. It may run again after it was cut off at any moment, and after it was done. */
export interface BuildStep {
  readonly name: "partition" | "make-file-systems" | "restore" | "prepare" | "boot-loader" | "check" | "sync";
  /** What it does, for people: an order. */
  readonly title: string;
  /** Its share of the whole build's time against the other steps'. */
  readonly weight: number;
  /** Where the disk is a device, its content is gone once this was begun. */
  readonly undo: "removes" | "none";
  readonly run: (signal?: AbortSignal) => Promise<void>;
}

/**
 * The steps that put a tree on the disks of a plan, in order. Between two of them nothing is mounted and no device is attached, but for
 * `kept`: with that the tree stays mounted until its owner disposes of it, after the last step at the latest.
 */
export function buildSteps(
  request: BuildRequest,
  source: BuildSource,
  ports: DiskPorts,
  kept?: KeptTree,
): readonly BuildStep[] {
  const created = createdHome(request.plan);
  const undo = [...request.paths.values()].some((path) => ports.files.isBlockDevice(path)) ? "none" : "removes";
  const inTree =
    (work: (tree: MountedTree, signal?: AbortSignal) => Promise<void> | void, how: "open" | "reopen" = "open") =>
    async (signal?: AbortSignal): Promise<void> => {
      await using stack = new AsyncDisposableStack();
      const home = kept ?? stack.use(new KeptTree(request, ports));
      await work(await home[how](signal), signal);
      crashPoint("disk.mounted");
    };
  return [
    {
      name: "partition",
      title: "Divide the disk",
      weight: 1,
      undo,
      run: async (signal) => await partition(request, ports, signal),
    },
    {
      name: "make-file-systems",
      title: "Make the file systems",
      weight: 2,
      undo,
      run: async (signal) => await makeFileSystems(request, source, ports, signal),
    },
    {
      name: "restore",
      title: "Restore the tree",
      weight: 60,
      undo,
      run: inTree(async ({ directory }, signal) => await source.restore(directory, signal)),
    },
    {
      name: "prepare",
      title: "Make the system at home on the disk",
      weight: 20,
      undo,
      run: inTree(async ({ directory, files }, signal) => {
        requireStartTools(request.plan, files);
        await source.prepare(directory, created, signal);
      }),
    },
    {
      name: "boot-loader",
      title: "Make the disk start",
      weight: 3,
      undo,
      run: inTree(async (tree, signal) => {
        await installBootLoader(request, tree.files, ports, signal);
        crashPoint("disk.boot-loader-written");
      }),
    },
    {
      name: "check",
      title: "Read the tree back, and check that nothing leads to other disks",
      weight: 3,
      undo,
      run: inTree(async (tree, signal) => {
        const checks = [checkTree(tree.files, source.findStale), source.verify(tree.directory, signal)];
        for (const check of await Promise.allSettled(checks)) if (check.status === "rejected") throw check.reason;
        await fillFats(request, tree, ports, signal);
        source.finish(tree.directory);
      }, "reopen"),
    },
    {
      name: "sync",
      title: "Write everything to the disk",
      weight: 5,
      undo,
      run: () => {
        // A file is made durable by whoever gives it its last name.
        for (const path of request.paths.values()) if (ports.files.isBlockDevice(path)) ports.files.sync(path);
        return Promise.resolve();
      },
    },
  ];
}

/**
 * Runs all steps, one after the other; on return the disks hold the system. Whoever needs to stop and go on runs the steps of
 * {@link buildSteps} as checkpoints of a job.
 */
export async function buildDisk(
  request: BuildRequest,
  source: BuildSource,
  ports: DiskPorts,
  signal?: AbortSignal,
): Promise<void> {
  for (const { name, title, run } of buildSteps(request, source, ports)) {
    throwIfInterrupted(signal, title);
    await run(signal);
    crashPoint(`disk.${name}`);
  }
}

/** Removes what a build made: the files of its disks, not devices, and its directory. May be called again. */
export async function undoBuild(request: BuildRequest, ports: DiskPorts): Promise<void> {
  await ports.unmountBelow(`${request.workDirectory}/tree`);
  await releaseParts(request, ports);
  for (const path of request.paths.values()) if (!ports.files.isBlockDevice(path)) ports.files.remove(path);
  ports.files.remove(request.workDirectory);
}

async function partition(request: BuildRequest, ports: DiskPorts, signal?: AbortSignal): Promise<void> {
  requirePassphrases(request, ports);
  using _locks = await claimDisks(request, ports, signal);
  for (const disk of request.plan.disks) {
    const path = pathOf(request, disk);
    if (!ports.files.isBlockDevice(path)) {
      // Begun anew, so that nothing of an earlier try is left in it.
      ports.files.remove(path);
      ports.files.allocate(path, disk.sizeBytes);
      crashPoint("disk.allocated");
    }
    await ports.run(partitionCommand(disk, path), signal);
  }
}

async function makeFileSystems(
  request: BuildRequest,
  source: BuildSource,
  ports: DiskPorts,
  signal?: AbortSignal,
): Promise<void> {
  await using parts = await openParts(request, "make", ports, signal);
  for (const holder of holdersOf(request.plan)) {
    const content = decryptedContentOf(holder);
    if (content.kind === "raw" && holder.kind === "partition") {
      const offsetBytes = holder.partition.startSector * request.plan.sectorBytes;
      await writeStream(source.readStream(content.stream), pathOf(request, holder.disk), offsetBytes, ports, signal);
    }
    const isFileSystem = content.kind === "file-system" || content.kind === "swap";
    // What a partition is a member of is a holder itself.
    if (!isFileSystem && holder.kind === "partition" && contentOf(holder).kind !== "luks") continue;
    const device = await parts.deviceOf(holder);
    if (!isFileSystem) continue;
    for (const command of makeFileSystemCommands(content, device)) await ports.run(command, signal);
    crashPoint("disk.file-system-made");
  }
  parts.sync();
}

/** Where a file is written, which is zeros at first, zeros are left out. */
async function writeStream(
  stream: AsyncIterable<Uint8Array>,
  path: string,
  offsetBytes: number,
  { files }: Pick<DiskPorts, "files">,
  signal?: AbortSignal,
): Promise<void> {
  const isDevice = files.isBlockDevice(path);
  let at = offsetBytes;
  for await (const piece of stream) {
    throwIfInterrupted(signal, "writing a stream");
    if (isDevice || piece.some((byte) => byte !== 0)) files.writeAt(path, at, piece);
    at += piece.length;
  }
}

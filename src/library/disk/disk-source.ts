import { lstatSync, lutimesSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parseImageOperand } from "../../core/operand.ts";
import type { OnProgress } from "../../core/progress.ts";
import { byteStringFromText, displayBytes, type ByteString, type TreePath } from "../../core/tree/byte-string.ts";
import { PathNotFoundError } from "../../image/errors.ts";
import type { BuildSource, CreatedHome } from "../../system/disk/build/request.ts";
import { isEsp, mountsOf, type DiskPlan } from "../../system/disk/plan/disk-plan.ts";
import { findStaleReferences, findSuccessions } from "../../system/prepare/references/index.ts";
import { TargetDiffersError } from "../../system/restore/errors.ts";
import type { RestorePorts } from "../../system/restore/ports.ts";
import { treeOfImage } from "../../system/restore/restored-tree.ts";
import { runRestore, type WrittenTree } from "../../system/restore/run.ts";
import { compareWithTree, type CheckThreads } from "../images/compare.ts";
import { readFileOf, showImage } from "../images/images.ts";
import { planPrepareOf, prepare, type PrepareOptions, type PrepareResult } from "../prepare/prepare.ts";
import { restorePorts, tryLock } from "../restore/restore-ports.ts";
import { makeWriteThreads, type WriteThreads } from "../settings/write-pool.ts";
import { openStore, type StoreOptions } from "../store/store.ts";
import { explainDifferences, type ExplainedDifference, type KnownChanges } from "./explain-differences.ts";
import type { DiskPrepareOptions } from "./plan-build.ts";

/** Paths that a preparation changes, with the operations that do, and the operations that run programs. */
export interface PrepareTouches {
  readonly touched: readonly (readonly [path: string, operation: string])[];
  readonly ran: readonly string[];
}

/** Who works at a tree, and who may stop it. */
export interface Working {
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
  readonly threads: DiskThreads;
}

/** Threads that were started while there was something to wait for; where there are none, they are started when they are needed. */
export interface DiskThreads {
  write?: WriteThreads;
  check?: CheckThreads;
}

/** An image as the source of disks. It is named by its id. */
export interface DiskSource extends Required<Pick<StoreOptions, "store" | "paths">> {
  readonly image: string;
  readonly plan: DiskPlan;
  readonly prepare: DiskPrepareOptions;
  readonly newestMs?: number;
}

/** Writes the image into the mounted file systems of a disk. */
export async function restoreOnDisk(source: DiskSource, directory: string, work: Working): Promise<WrittenTree> {
  await using pool = work.threads.write ?? makeWriteThreads();
  pool.start();
  using store = await openStore(source);
  await using opened = await store.openImage(parseImageOperand(source.image), "build a disk");
  const mounts = mountsOf(source.plan).filter(({ content }) => content.type !== "vfat");
  const ports = restorePorts(pool);
  await using _early = writeOutEarly(
    mounts.map(({ mountPoint }) => directory + mountPoint),
    ports,
  );
  // What is there are mount points, and what an earlier run left.
  const place = { target: directory, root: directory, stage: undefined, resumes: undefined };
  return await runRestore({ version: 1, mode: "in-place", ...place, steps: [] }, store.chunks, ports, {
    image: opened.name.image,
    tree: treeOfImage(store.chunks, opened.manifest, "" as TreePath),
    path: "" as TreePath,
    tryLock,
    verify: undefined,
    onProgress: work.onProgress,
    signal: work.signal,
  });
}

const writeOutIntervalMs = 300;

/** Has the kernel write out what was restored while the rest is still coming, so that there is little to wait for at the end. */
function writeOutEarly(
  directories: readonly string[],
  { tree, syncFileSystem }: Pick<RestorePorts, "tree" | "syncFileSystem">,
): AsyncDisposable {
  const ending = new AbortController();
  const writing = (async () => {
    const opened = directories.map((directory) => tree.openRoot(directory));
    try {
      while (!ending.signal.aborted) {
        await Promise.all(opened.map(async (directory) => await syncFileSystem(directory)));
        await delay(writeOutIntervalMs, undefined, { signal: ending.signal }).catch(() => undefined);
      }
    } finally {
      for (const directory of opened) tree.close(directory);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await writing;
    },
  };
}

/** Makes the tree at home on the disk. `touching` is told beforehand what will be changed, which is less when an earlier run was killed. */
export async function prepareOnDisk(
  source: DiskSource,
  directory: string,
  created: CreatedHome,
  touching: (touches: PrepareTouches) => Promise<void>,
  work: Working,
): Promise<PrepareResult> {
  const { hostFacts } = (await showImage(source.image, source)).manifest.head;
  const newHome = { ...created, oldDisks: hostFacts?.disks ?? [], isComplete: true };
  const options: PrepareOptions = { ...source.prepare, paths: source.paths, newHome, ...work };
  const { operations } = await planPrepareOf(directory, options);
  const changing = operations.filter(({ state }) => state === "change");
  await touching({
    touched: changing.flatMap(({ name, changes }) =>
      changes.flatMap((change) => [
        ...("path" in change ? [[change.path as string, name] as const] : []),
        ...(change.kind === "move" ? [[change.from as string, name] as const] : []),
      ]),
    ),
    ran: changing.filter(({ changes }) => changes.some(({ kind }) => kind === "run")).map(({ name }) => name),
  });
  return await prepare(directory, options);
}

/** What finds references to old disks in the files of the new system. */
export async function staleFinder(
  source: DiskSource,
  { fileSystems, encrypted, arrays }: CreatedHome,
): Promise<BuildSource["findStale"]> {
  const disks = (await showImage(source.image, source)).manifest.head.hostFacts?.disks ?? [];
  const successions = findSuccessions({ fstab: await readFstab(source), disks }, fileSystems);
  const layers = [...encrypted, ...arrays].map(({ uuid }) => uuid);
  return (text) => findStaleReferences(text, successions, layers);
}

async function readFstab(source: DiskSource): Promise<string> {
  try {
    const parts = await Array.fromAsync(readFileOf(source.image, "/etc/fstab", source));
    return Buffer.concat(parts).toString("latin1");
  } catch (error) {
    if (error instanceof PathNotFoundError) return "";
    throw error;
  }
}

/**
 * Reads the tree on the disk back and holds it against the image: content and metadata are equal, but for what is known.
 *
 * @throws {TargetDiffersError} If anything else differs.
 */
export async function verifyOnDisk(
  source: DiskSource,
  directory: string,
  touches: PrepareTouches,
  { losses }: WrittenTree,
  work: Working,
): Promise<readonly ExplainedDifference[]> {
  const mounts = mountsOf(source.plan);
  const inTree = (mountPoint: string): string => byteStringFromText(mountPoint.slice(1));
  const known: KnownChanges = {
    touched: new Map(touches.touched),
    ran: touches.ran,
    mountPoints: mounts.map(({ mountPoint }) => inTree(mountPoint)),
    efiMountPoint: mounts.filter(({ holder }) => isEsp(holder)).map((esp) => inTree(esp.mountPoint))[0],
    lost: new Set(losses.map(({ path }) => path)),
  };
  using store = await openStore(source);
  await using opened = await store.openImage(parseImageOperand(source.image), "verify a disk");
  const differences = await Array.fromAsync(
    compareWithTree({
      store,
      manifest: opened.manifest,
      root: directory,
      path: "" as TreePath,
      ignore: new Set(),
      // The file systems were mounted anew, so nothing is remembered of them.
      fromDevice: false,
      onProgress: work.onProgress,
      signal: work.signal,
      ...(work.threads.check && { threads: work.threads.check }),
    }),
  );
  const explained = explainDifferences(differences, known);
  const unexplained = explained.filter(({ by }) => by === undefined);
  if (unexplained.length > 0)
    throw new TargetDiffersError(
      directory,
      unexplained.map(({ path, change, aspects }) => ({ path: displayBytes(path), change, aspects })),
    );
  return explained;
}

/** Gives what was changed no later time than `newestMs`, so that it does not tell when the disk was built. */
export function holdTimes(directory: string, paths: readonly ByteString[], newestMs: number): void {
  for (const path of paths) {
    const file = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(path, "latin1")]);
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (stat && stat.mtimeMs > newestMs) lutimesSync(file, newestMs / 1000, newestMs / 1000);
  }
}

import { statfsSync } from "node:fs";
import { resolve } from "node:path";
import { parseImageOperand } from "../../core/operand.ts";
import { leftOutPaths } from "../../core/manifest/left-out.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import type { OnProgress } from "../../core/progress.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import { isMemoryFileSystem, syncFileSystemLater } from "../../host/file-systems.ts";
import { growDescriptorTable } from "../../host/descriptor-table.ts";
import { linuxTreeReader } from "../../host/tree/linux-tree-reader.ts";
import type { RestoreSource } from "../../image/store/chunk-source.ts";
import type { ImageStore, OpenImage } from "../../image/store/image-store.ts";
import { readTree } from "../../image/tree-index/tree-index-reader.ts";
import { TreeComparison } from "../../system/compare/compare-tree.ts";
import { diffTrees, type ComparedImage } from "../../system/compare/diff-images.ts";
import type { Difference } from "../../system/compare/difference.ts";
import type { EntrySet } from "../../system/compare/entry-set.ts";
import type { FileCheckBatch, FileCheckResult } from "../../system/compare/file-check.ts";
import { selectSubtree } from "../../system/restore/subtree.ts";
import { WorkerPool } from "../../workers/pool.ts";
import { storeOf } from "./images.ts";
import { openStore, type StoreOptions } from "../store/store.ts";
import { workerCount } from "../settings/worker-count.ts";

/** How to compare. */
export interface CompareOptions extends StoreOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/**
 * Lists where two images differ, in walk order: `added` is what only the second has. Contents that one of them left out
 * (`redact`) are not compared, as in {@link diffTree}.
 *
 * @throws {ImageNotFoundError}
 */
export async function* diffImages(
  first: string,
  second: string,
  options: CompareOptions = {},
): AsyncGenerator<Difference, void, undefined> {
  const [a, b] = [parseImageOperand(first), parseImageOperand(second)];
  using storeA = await openStore(storeOf(a, options));
  using storeB = await openStore(storeOf(b, options));
  await using openedA = await storeA.openImage(a, "compare");
  await using openedB = await storeB.openImage(b, "compare");
  yield* diffTrees(comparedImage(storeA, openedA), comparedImage(storeB, openedB));
}

function comparedImage({ chunks }: ImageStore, { manifest }: OpenImage): ComparedImage {
  return { chunks, tree: manifest.tail.tree, leftOut: leftOutPaths(manifest) };
}

/** Lists where a directory differs from an image, in walk order: `added` is what only the directory has. Content is read in full. */
export async function* diffTree(
  image: string,
  directory: string,
  options: CompareOptions & { readonly fromDevice?: boolean } = {},
): AsyncGenerator<Difference, void, undefined> {
  const operand = parseImageOperand(image);
  using store = await openStore(storeOf(operand, options));
  await using opened = await store.openImage(operand, "compare");
  yield* compareWithTree({
    store,
    manifest: opened.manifest,
    root: resolve(directory),
    path: "" as TreePath,
    ignore: new Set(),
    fromDevice: options.fromDevice ?? false,
    onProgress: options.onProgress ?? (() => undefined),
    signal: options.signal,
  });
}

/** Says whether a directory lies on a file system in memory, where reading back proves nothing about a device. */
export function isInMemory(directory: string): boolean {
  return isMemoryFileSystem(statfsSync(directory).type);
}

/** Threads that hold files against an image. */
export type CheckThreads = WorkerPool<FileCheckBatch, FileCheckResult[]>;

/** Makes threads that hold files against an image; they start with the first request, or by `start`. */
export function makeCheckThreads(): CheckThreads {
  return new WorkerPool("compare-worker", {}, workerCount());
}

/** What {@link compareWithTree} works with. */
export interface TreeComparisonOptions {
  readonly store: { readonly chunks: Pick<RestoreSource, "readChunk"> };
  readonly manifest: Manifest;
  readonly root: string;
  readonly path: TreePath;
  readonly ignore: ReadonlySet<TreePath>;
  readonly fromDevice: boolean;
  /** As {@link TreeComparison} takes it. */
  readonly checked?: EntrySet;
  /** Threads that are there already, and stay; else some are started for this. */
  readonly threads?: CheckThreads;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

/** Compares a tree with an opened image. */
export async function* compareWithTree(options: TreeComparisonOptions): AsyncGenerator<Difference, void, undefined> {
  const { store, manifest, root, path, ignore, fromDevice, onProgress, signal } = options;
  growDescriptorTable();
  const tree = linuxTreeReader();
  if (fromDevice) {
    const directory = tree.openRoot(root);
    await syncFileSystemLater(directory);
    tree.close(directory);
  }
  await using own = new AsyncDisposableStack();
  const pool = options.threads ?? own.use(makeCheckThreads());
  const { bytes, entries } = manifest.tail.counts;
  const comparison = new TreeComparison({
    tree,
    pool,
    entries:
      path === "" ? readTree(store.chunks, manifest.tail.tree) : selectSubtree(store.chunks, manifest.tail.tree, path),
    root,
    ignore,
    leftOut: leftOutPaths(manifest),
    fromDevice,
    checked: options.checked,
    onProgress,
    totalBytes: bytes,
    totalItems: entries,
    signal,
  });
  yield* comparison.run();
}

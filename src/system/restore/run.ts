import { crashPoint } from "../../core/crash-points.ts";
import type { OnProgress } from "../../core/progress.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import type { Entry } from "../../core/tree/entry.ts";
import type { FileDescriptor } from "../../core/tree/tree-reader.ts";
import type { RestoreSource } from "../../image/store/chunk-source.ts";
import { inParent } from "../tree/in-parent.ts";
import type { RestorePlan } from "./plan.ts";
import type { RestorePorts } from "./ports.ts";
import type { RestoredTree } from "./restored-tree.ts";
import {
  HeldMarker,
  inPlaceMarker,
  markerPath,
  prepareStage,
  publishStage,
  removeRemains,
  removeStage,
  type TryLock,
} from "./stage.ts";
import { TreeWriting, type RestoreLoss, type WriteChoice, type WriteTreeParts } from "./write-tree.ts";

/** How a restore is to run. */
export interface RestoreSettings {
  readonly image: string;
  readonly tree: RestoredTree;
  /** Only what lies at or below this path. */
  readonly path: TreePath;
  readonly tryLock: TryLock;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
  readonly onWritten?: WriteTreeParts["onWritten"];
  /** Checks the written tree before it is published; throws to leave it where it is. */
  readonly verify: ((root: string) => Promise<void>) | undefined;
  /** Makes the verified tree somebody else before it is published; may run again after a kill. */
  readonly prepare?: { readonly as: string; readonly run: (root: string) => Promise<PreparedTree> };
  /** The tree is whole and about to take its place. */
  readonly publishing?: ((root: string, written: WrittenTree) => Promise<void>) | undefined;
}

/** What a tree has become, beside what the image says. */
export interface PreparedTree {
  readonly as: string;
  /** Paths that differ from the image since, as `displayBytes` writes them. */
  readonly changed: readonly string[];
}

/** What was written. */
export interface WrittenTree {
  readonly losses: readonly RestoreLoss[];
  readonly lossCount: number;
  readonly prepared?: PreparedTree;
}

/** Runs the plan of a restore into an absent or empty directory, or an empty mount point. What it had done is kept after a failure or kill. */
export async function runRestore(
  plan: RestorePlan,
  chunks: RestoreSource,
  ports: RestorePorts,
  settings: RestoreSettings,
): Promise<WrittenTree> {
  const { stage, root, target, resumes } = plan;
  const { prepare } = settings;
  if (resumes?.isPublished) return await finishPublished(resumes.stage, target, chunks, ports, settings);
  if (stage !== undefined) {
    removeRemains(target, stage);
    prepareStage(stage);
  }
  crashPoint("restore.staged");
  const marker = {
    formatVersion: 1 as const,
    image: settings.image,
    path: settings.path,
    target,
    ...(prepare && { as: prepare.as }),
  };
  const before = {
    ...(resumes?.doneUpTo !== undefined && { doneUpTo: resumes.doneUpTo }),
    ...(resumes?.isPreparing && { isPreparing: true as const }),
  };
  const held = new HeldMarker(markerPath(stage, target), { ...marker, ...before }, settings.tryLock);
  try {
    let written: WrittenTree = { losses: [], lossCount: 0 };
    // What has begun to become somebody else is not what the image says any more.
    if (resumes?.isPreparing !== true) {
      written = await writeTree(plan, chunks, ports, settings, (doneUpTo) => held.write({ ...marker, doneUpTo }));
      crashPoint("restore.written");
      await settings.verify?.(root);
      crashPoint("restore.verified");
    }
    if (prepare) {
      held.write({ ...marker, isPreparing: true });
      crashPoint("restore.preparing");
      written = { ...written, prepared: await prepare.run(root) };
      crashPoint("restore.prepared");
    }
    await settings.publishing?.(root, written);
    if (stage !== undefined) withoutProtection(ports, root, () => publishStage(stage, target));
    crashPoint("restore.published");
    if (stage === undefined) withoutProtection(ports, root, () => held.remove());
    else {
      held.remove();
      removeStage(stage);
    }
    return written;
  } finally {
    held.release();
  }
}

/** Ends a restore whose tree is in its place: the metadata of the root may not have been set again after the renaming. */
async function finishPublished(
  stage: string,
  target: string,
  chunks: RestoreSource,
  ports: RestorePorts,
  settings: RestoreSettings,
): Promise<WrittenTree> {
  const root = ports.tree.openRoot(target);
  try {
    for await (const entry of settings.tree.entries()) {
      ports.writer.setOpenMetadata(root, entry, { exact: false });
      break;
    }
    await ports.syncFileSystem(root);
  } finally {
    ports.tree.close(root);
  }
  const written = { losses: [], lossCount: 0 };
  if (settings.prepare === undefined) await settings.verify?.(target);
  await settings.publishing?.(target, written);
  removeStage(stage);
  return written;
}

/** Works on the finished root of a tree, which may be immutable, and leaves its metadata as they were. */
function withoutProtection(ports: RestorePorts, root: string, work: () => void): void {
  const { tree, writer } = ports;
  let directory: FileDescriptor;
  try {
    directory = tree.openRoot(root);
  } catch (error) {
    // An ordinary user may have made a directory of a mode that keeps him out; he cannot protect it further.
    if (!ports.isLoss(error)) throw error;
    work();
    return;
  }
  try {
    const metadata = { ...tree.statOpen(directory), flags: tree.readFlags(directory), xattrs: [] };
    writer.clearProtection(directory);
    work();
    writer.setOpenMetadata(directory, metadata, { exact: false });
  } finally {
    tree.close(directory);
  }
}

async function writeTree(
  plan: RestorePlan,
  chunks: RestoreSource,
  ports: RestorePorts,
  settings: RestoreSettings,
  onCheckpoint: (doneUpTo: TreePath) => void,
): Promise<WrittenTree> {
  const { tree, onProgress, signal } = settings;
  const { bytes, entries: items } = tree.totals;
  const root = ports.tree.openRoot(plan.root);
  try {
    const writing = new TreeWriting({
      ports,
      chunks,
      root,
      doneUpTo: plan.resumes?.doneUpTo as TreePath | undefined,
      existing: plan.resumes === undefined && plan.mode === "staged" ? "none" : "leftovers",
      onCheckpoint: (doneUpTo) => Promise.resolve(onCheckpoint(doneUpTo)),
      onWritten: settings.onWritten,
      onProgress,
      totalBytes: bytes,
      totalItems: items,
      signal,
    });
    await writing.run(tree.entries());
    onProgress({
      version: 1,
      phase: "syncing",
      bytes,
      items,
      waitsFor: "the devices",
    });
    await ports.syncFileSystem(root);
    return { losses: writing.losses, lossCount: writing.lossCount };
  } finally {
    ports.tree.close(root);
  }
}

/** What a tree must become and what of it is to be changed. */
export interface Convergence {
  readonly entries: AsyncIterable<Entry>;
  readonly choose: (entry: Entry) => WriteChoice;
  /** Paths that only the tree has, deepest last, to be removed. */
  readonly extra: readonly TreePath[];
}

/** Makes an existing tree equal an image where it differs. What it replaces, it replaces one by one; run again, it goes on. */
export async function runConvergence(
  root: string,
  convergence: Convergence,
  chunks: RestoreSource,
  ports: RestorePorts,
  settings: Omit<RestoreSettings, "verify" | "prepare" | "publishing">,
): Promise<WrittenTree> {
  const { tree, onProgress, signal } = settings;
  const directory = ports.tree.openRoot(root);
  try {
    crashPoint("restore.converging");
    removeExtra(ports, directory, convergence.extra);
    crashPoint("restore.extra-removed");
    const writing = new TreeWriting({
      ports,
      chunks,
      root: directory,
      doneUpTo: undefined,
      existing: "older",
      onCheckpoint: () => Promise.resolve(),
      onProgress,
      totalBytes: tree.totals.bytes,
      totalItems: tree.totals.entries,
      signal,
    });
    await writing.run(convergence.entries, convergence.choose);
    crashPoint("restore.written");
    await ports.syncFileSystem(directory);
    return { losses: writing.losses, lossCount: writing.lossCount };
  } finally {
    ports.tree.close(directory);
  }
}

/** The names a target may hold that are ours. */
export const ownNames: ReadonlySet<TreePath> = new Set([inPlaceMarker as TreePath, `${inPlaceMarker}.new` as TreePath]);

function removeExtra({ tree, writer }: RestorePorts, root: number, extra: readonly TreePath[]): void {
  for (const path of extra.toReversed())
    inParent(tree, root, path, (directory, name) => {
      writer.clearProtection(directory);
      writer.remove(directory, name);
    });
}

import { resolve } from "node:path";
import { parseImageOperand } from "../../core/operand.ts";
import type { OnProgress } from "../../core/progress.ts";
import { leftOutFiles } from "../../core/manifest/left-out.ts";
import type { SecretFile } from "../../core/manifest/manifest.ts";
import { displayBytes, parseDisplayed, type TreePath } from "../../core/tree/byte-string.ts";
import { isAtOrBelow } from "../../core/tree/walk-order.ts";
import { listImageNames, type ImageId, type ImageName } from "../../image/store/image-names.ts";
import type { ImageStore, OpenImage } from "../../image/store/image-store.ts";
import { readTree } from "../../image/tree-index/tree-index-reader.ts";
import type { Difference } from "../../system/compare/difference.ts";
import { detachedFile, hasMachineFile } from "../../host/machines/machine-files.ts";
import { TargetUnsuitableError } from "../../system/restore/errors.ts";
import { planRestore, type RestorePlan } from "../../system/restore/plan.ts";
import type { RestorePorts } from "../../system/restore/ports.ts";
import { treeOfImage } from "../../system/restore/restored-tree.ts";
import { runConvergence, runRestore, type PreparedTree, type WrittenTree } from "../../system/restore/run.ts";
import { parseNewHostname } from "../../system/prepare/identity/hostname.ts";
import { newStagePath } from "../../system/restore/stage.ts";
import type { RestoreLoss } from "../../system/restore/write-tree.ts";
import { parseTreePath, storeOf } from "../images/images.ts";
import { backUp } from "./back-up.ts";
import { chooseConvergence } from "./choose-convergence.ts";
import { assertEqual, checkTarget, type TargetCheck } from "./restore-check.ts";
import { lookAtTarget, restorePorts, tryLock } from "./restore-ports.ts";
import { realPath } from "../settings/real-path.ts";
import { openStore, type StoreOptions } from "../store/store.ts";
import { makeWriteThreads, type WriteThreads } from "../settings/write-pool.ts";

/** How to restore. Everything has a default. */
export interface RestoreOptions extends StoreOptions {
  /** Restores only what lies there, with the directories that lead to it. */
  readonly path?: string;
  /** Reads the written tree back and compares it before it takes its place. */
  readonly verify?: boolean;
  /** Makes an existing directory equal the image: only what differs is rewritten. */
  readonly intoExisting?: boolean;
  /** With `intoExisting`: removes what the image does not have. */
  readonly delete?: boolean;
  /** With `intoExisting`: captures the directory first (the default). */
  readonly backup?: boolean;
  /** The tree becomes another system of this hostname before it takes its place, as `prepare` with a new identity makes it; it is verified before. */
  readonly as?: string;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** What a restore made. */
export interface RestoreResult {
  readonly name: ImageName;
  readonly directory: string;
  readonly entries: number;
  readonly files: number;
  readonly bytes: number;
  /** What this user or the target's file system could not be given: the first thousand, and how many. */
  readonly losses: readonly RestoreLoss[];
  readonly lossCount: number;
  /** It went on from where an earlier run had stopped. */
  readonly resumed: boolean;
  /** Where the directory's state from before was captured. */
  readonly backup?: ImageName;
  readonly verified?: TargetCheck;
  /** Who it has become, if that was asked for. */
  readonly prepared?: PreparedTree;
  /** Files whose contents the image does not have: empty where they were made, and as they were where the directory had them. */
  readonly leftOut: readonly SecretFile[];
  readonly durationMs: number;
}

/** What a restore would do, and for a convergence what it would change. */
export interface PlannedRestore {
  readonly plan: RestorePlan;
  /** The image that would be restored. */
  readonly name: ImageName;
  /** Files whose contents the image does not have. */
  readonly leftOut: readonly SecretFile[];
  readonly differences: readonly Difference[];
}

/**
 * Restores an image. Into an absent or empty directory the tree is written beside it and takes its place at the end; the same call after a failure or kill goes on where it was.
 *
 * @throws {TargetUnsuitableError} If the target holds something else; nothing is changed then.
 * @throws {ObjectDamagedError} @throws {ObjectMissingError} If the image is damaged; nothing wrong is written as right.
 * @throws {TargetDiffersError} If `verify` found differences; a staged tree then stays unpublished.
 */
export async function restore(image: string, directory: string, options: RestoreOptions = {}): Promise<RestoreResult> {
  return await restoreWithNotices(image, directory, options);
}

/** What a restore tells before it does it, so that it can be taken back; it goes on once the promise is fulfilled. */
export interface RestoreNotices {
  /** 8 hex digits that name its stage. */
  readonly job: string;
  readonly planned: (plan: RestorePlan) => Promise<void>;
  /** The tree at `root` is whole and about to take its place. */
  readonly publishing: (root: string, written: WrittenTree) => Promise<void>;
  /** The image in which an earlier run kept the state from before, if it came that far; it is used again. */
  readonly backup: ImageId | undefined;
  /** The state from before is captured and about to get its name. */
  readonly backingUp: (backup: ImageId) => Promise<void>;
  /** The state from before has a name (undefined: nothing differs), and the directory is about to be changed. */
  readonly backedUp: (backup: ImageName | undefined) => Promise<void>;
}

/** {@link restore} that tells what it is about to do. `threads` are disposed of. */
export async function restoreWithNotices(
  image: string,
  directory: string,
  options: RestoreOptions,
  notices?: RestoreNotices,
  threads: WriteThreads = makeWriteThreads(),
): Promise<RestoreResult> {
  const startedAtMs = Date.now();
  const operand = parseImageOperand(image);
  await using pool = threads;
  if (options.intoExisting !== true) pool.start();
  using store = await openStore(storeOf(operand, options));
  await using opened = await store.openImage(operand, `restore into ${resolve(directory)}`);
  const plan = makePlan(opened, directory, options, notices?.job);
  await notices?.planned(plan);
  const ports = restorePorts(pool);
  const outcome =
    plan.mode === "converge"
      ? await converge(plan, store, opened, ports, options, notices)
      : await write(plan, store, opened, ports, options, notices);
  const { entries, files, bytes } = opened.name;
  return {
    name: opened.name,
    directory: plan.target,
    entries,
    files,
    bytes,
    resumed: plan.resumes !== undefined,
    ...outcome,
    leftOut: leftOutBelow(opened, options),
    durationMs: Date.now() - startedAtMs,
  };
}

/** Makes the plan of a restore; changes nothing. `compare: false` leaves out what a convergence would change. @throws {TargetUnsuitableError} */
export async function planRestoreOf(
  image: string,
  directory: string,
  options: RestoreOptions & { readonly compare?: boolean } = {},
): Promise<PlannedRestore> {
  const operand = parseImageOperand(image);
  using store = await openStore(storeOf(operand, options));
  await using opened = await store.openImage(operand, "plan a restore");
  const plan = makePlan(opened, directory, options);
  if (plan.mode === "converge") assertNoDetachedMachine(plan.target);
  const differences =
    plan.mode === "converge" && options.compare !== false
      ? (await compare(plan.root, store, opened, options, false)).differences
      : [];
  return { plan, name: opened.name, leftOut: leftOutBelow(opened, options), differences };
}

/** The files of a detached machine go on, elsewhere or here; nothing is installed over them. @throws {TargetUnsuitableError} */
function assertNoDetachedMachine(target: string): void {
  if (!hasMachineFile(target, detachedFile)) return;
  throw new TargetUnsuitableError(
    target,
    "it holds a detached machine",
    "Attach it (rehome machine attach NAME) or remove it (rehome machine remove NAME).",
  );
}

function makePlan(opened: OpenImage, directory: string, options: RestoreOptions, job?: string): RestorePlan {
  // A symlink on the way is followed now: at the end its place could not be taken.
  const target = realPath(resolve(directory));
  return planRestore(lookAtTarget(target, newStagePath(target, job)), {
    image: opened.name.image,
    path: options.path === undefined ? "" : parseTreePath(options.path),
    intoExisting: options.intoExisting ?? false,
    delete: options.delete ?? false,
    backup: options.backup ?? true,
    verify: options.verify ?? false,
    neededBytes: options.path === undefined ? opened.name.bytes : 0,
    ...(options.as !== undefined && { as: parseNewHostname(options.as) }),
  });
}

/** What the image had to do without, of what is restored. */
export function leftOutBelow({ manifest }: OpenImage, { path }: RestoreOptions): readonly SecretFile[] {
  const below = path === undefined ? ("" as TreePath) : parseTreePath(path);
  return leftOutFiles(manifest).filter((file) => isAtOrBelow(parseDisplayed(file.path), below));
}

type Outcome = WrittenTree & Pick<RestoreResult, "backup" | "verified">;

/** Gives a finished tree an identity of its own, and notes what differs from the image since. */
async function becomeOther(
  as: string,
  root: string,
  store: ImageStore,
  opened: OpenImage,
  options: RestoreOptions,
): Promise<PreparedTree> {
  const { onProgress, signal, paths } = options;
  // Imported here: most restores need no part of it.
  const { prepare } = await import("../prepare/prepare.ts");
  const common = { ...(paths && { paths }), ...(onProgress && { onProgress }), ...(signal && { signal }) };
  await prepare(root, { ...common, identity: "reset", hostname: as });
  const { differences } = await compare(root, store, opened, options, false);
  return { as, changed: differences.map(({ path }) => displayBytes(path)) };
}

async function write(
  plan: RestorePlan,
  store: ImageStore,
  opened: OpenImage,
  ports: RestorePorts,
  options: RestoreOptions,
  notices: RestoreNotices | undefined,
): Promise<Outcome> {
  let verified: RestoreResult["verified"];
  const { as } = options;
  const written = await runRestore(plan, store.chunks, ports, {
    ...commonSettings(store, opened, options),
    verify: async (root) => {
      // Before it becomes somebody else it is held against the image, as that could not be done after.
      if (options.verify !== true && as === undefined) return;
      verified = await compare(root, store, opened, options, true);
      assertEqual(verified.differences, plan.target);
    },
    ...(as !== undefined && { prepare: { as, run: (root) => becomeOther(as, root, store, opened, options) } }),
    publishing: notices?.publishing,
  });
  return { ...written, ...(verified && { verified }) };
}

async function converge(
  plan: RestorePlan,
  store: ImageStore,
  opened: OpenImage,
  ports: RestorePorts,
  options: RestoreOptions,
  notices: RestoreNotices | undefined,
): Promise<Outcome> {
  const { differences } = await compare(plan.root, store, opened, options, false);
  const known = notices?.backup;
  const kept = known && (await listImageNames(store.blobs)).find(({ image }) => image === known);
  const isNeeded = options.backup !== false && differences.length > 0;
  const backup = kept ?? (isNeeded ? await backUp(plan.target, opened.name, options, notices?.backingUp) : undefined);
  await notices?.backedUp(backup);
  const written = await runConvergence(
    plan.root,
    {
      entries: readTree(store.chunks, opened.manifest.tail.tree),
      ...chooseConvergence(differences, { removesExtra: options.delete === true }),
    },
    store.chunks,
    ports,
    commonSettings(store, opened, options),
  );
  let verified: RestoreResult["verified"];
  if (options.verify === true) {
    const after = await compare(plan.root, store, opened, options, true);
    verified = {
      ...after,
      differences:
        options.delete === true ? after.differences : after.differences.filter(({ change }) => change !== "added"),
    };
    assertEqual(verified.differences, plan.target);
  }
  return { ...written, ...(backup && { backup }), ...(verified && { verified }) };
}

function compare(
  root: string,
  store: ImageStore,
  opened: OpenImage,
  options: RestoreOptions,
  fromDevice: boolean,
): Promise<TargetCheck> {
  const common = { store, manifest: opened.manifest, path: pathOf(options), ...callbacks(options) };
  return checkTarget({ ...common, root, fromDevice });
}

function commonSettings(store: ImageStore, opened: OpenImage, options: RestoreOptions) {
  const path = pathOf(options);
  const tree = treeOfImage(store.chunks, opened.manifest, path);
  return { image: opened.name.image, tree, path, tryLock, ...callbacks(options) };
}

function pathOf({ path }: RestoreOptions): TreePath {
  return path === undefined ? ("" as TreePath) : parseTreePath(path);
}

function callbacks(options: RestoreOptions): {
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
} {
  return { onProgress: options.onProgress ?? (() => undefined), signal: options.signal };
}

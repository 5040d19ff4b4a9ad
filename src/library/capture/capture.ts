import { existsSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { basename, resolve } from "node:path";
import type { MountDecision, SecretFile } from "../../core/manifest/manifest.ts";
import type { Mount } from "../../core/mount-info.ts";
import type { OnProgress } from "../../core/progress.ts";
import { parseImageName, parseOperand } from "../../core/operand.ts";
import { UsageError } from "../../core/errors.ts";
import { displayBytes } from "../../core/tree/byte-string.ts";
import { growDescriptorTable } from "../../host/descriptor-table.ts";
import {
  readMounts,
  readSwapFiles,
  removableDevices,
  syncFileSystem,
  timesTellChanges,
} from "../../host/file-systems.ts";
import { countHooks, runHooks } from "../../host/hooks.ts";
import { errnoNameOf } from "../../host/system-call-error.ts";
import { ownPriority } from "../../host/priority.ts";
import { linuxTreeReader } from "../../host/tree/linux-tree-reader.ts";
import { ClaimTable } from "../../image/chunker/claim-table.ts";
import type { ImageStore } from "../../image/store/image-store.ts";
import { SystemNotFoundError } from "../../system/capture/errors.ts";
import { chooseImageName, planCapture, type CapturePlan } from "../../system/capture/plan.ts";
import type { CapturePorts } from "../../system/capture/ports.ts";
import { limitRate, unlimited, type RateLimit } from "../../system/capture/reading/rate-limit.ts";
import type { FileBatch, FileBatchResult } from "../../system/capture/reading/file-batch.ts";
import { runCapture, type CaptureNotices, type CaptureResult } from "../../system/capture/run.ts";
import type { CaptureWatch } from "../../system/capture/watch/capture-watch.ts";
import { hostExcludes } from "../../system/capture/selection/default-excludes.ts";
import { findSecretPaths } from "../../system/capture/secrets/find-secrets.ts";
import { chooserOf } from "../../system/capture/selection/chooser-of.ts";
import { planMounts } from "../../system/capture/selection/mounts.ts";
import { WorkerPool } from "../../workers/pool.ts";
import type { FactsRequest, FactsResponse } from "../../workers/facts-worker.ts";
import type { CaptureWorkerData } from "../../workers/capture-worker.ts";
import { planAdditions } from "./plan-additions.ts";
import { openSource, planStreams } from "./plan-streams.ts";
import { realPath } from "../settings/real-path.ts";
import { choosePaths, type Paths } from "../settings/settings.ts";
import { readSigningKey } from "../store/signing-keys.ts";
import { openOrCreateStore, storePath, type StoreOptions } from "../store/store.ts";
import { version } from "../version.ts";
import { workerCount } from "../settings/worker-count.ts";
import { isMachineRunning } from "../../host/machines/running.ts";
import { machinePlaces } from "../machines/places.ts";

/** How to capture. Everything has a default. */
export interface CaptureOptions extends StoreOptions {
  /** Name of the image; by default the host's name, the machine's, or the directory's. */
  readonly name?: string;
  /** Gitignore patterns relative to the root. */
  readonly excludes?: readonly string[];
  /** False leaves out nothing by default from `/`. */
  readonly defaultExcludes?: boolean;
  /** Mount points (absolute) to take although the rules leave them out. */
  readonly includeMounts?: readonly string[];
  readonly oneFileSystem?: boolean;
  /**
   * Leaves out the contents of files that hold private keys, password hashes, credentials or tokens, as far as their paths or
   * the first 256 KiB of a text show it; the image has them as empty files, and its manifest lists them.
   */
  readonly redact?: boolean;
  /** Reads every file, even those that look unchanged. */
  readonly rehash?: boolean;
  /** zstd level, 1 to 19; the standard is as fast as level 1 and nearly as small as level 3. */
  readonly compressionLevel?: "standard" | number;
  /** `changed` looks for local modifications among files that are newer than their package; `all` hashes every packaged file. */
  readonly packageFiles?: "changed" | "all";
  /** Reads at most so many bytes a second. */
  readonly rateBytesPerSecond?: number | (() => number | undefined);
  /** Files and directories of this host that go into the tree, each `SOURCE:/PLACE`, in the place of what is there. */
  readonly add?: readonly string[];
  /** Raw partitions and files that go along as streams, each `PATH` or `NAME=PATH`. Nobody may be able to write to them. */
  readonly raw?: readonly string[];
  /** Uses processor and disk only when nobody else does. */
  readonly idle?: boolean;
  /** A PEM file with the Ed25519 private key that signs the image under its name. */
  readonly sign?: string;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** What a capture will do. */
export interface PlannedCapture {
  readonly plan: CapturePlan;
  /** The file with the machine's configuration, of a machine. */
  readonly nspawnFile?: string;
}

const claimSlots = 2 ** 17;

/**
 * Captures a system (`/`, a directory, `machine:NAME`) into a store, which is made if there is none.
 *
 * On return the image is durable and named. After a failure or a kill the store is as before, with some chunks that the next capture finds.
 *
 * @throws {SystemNotFoundError} @throws {HookFailedError} @throws {StoreUnsuitableError} @throws {InterruptedError}
 */
export async function capture(system: string, options: CaptureOptions = {}): Promise<CaptureResult> {
  return await captureAsPlanned(await planCaptureOf(system, options), options);
}

/** Captures as planned, by whatever way: {@link captureAsPlanned} is one. */
export type CaptureAs = typeof captureAsPlanned;

/** Runs a plan that {@link planCaptureOf} has made, here or in a process of before; see {@link capture}. */
export async function captureAsPlanned(
  planned: PlannedCapture,
  options: CaptureOptions,
  notices?: CaptureNotices,
): Promise<CaptureResult> {
  if (options.sign !== undefined) await readSigningKey(options.sign); // Refused before there is a store.
  using store = await openOrCreateStore(options);
  return await captureInto(store, planned, options, notices);
}

/** {@link captureAsPlanned} into a store that is open. */
export async function captureInto(
  store: ImageStore,
  { plan, nspawnFile }: PlannedCapture,
  options: CaptureOptions,
  notices?: CaptureNotices,
  watch?: CaptureWatch,
): Promise<CaptureResult> {
  const paths = options.paths ?? choosePaths();
  const signingKey = options.sign === undefined ? undefined : await readSigningKey(options.sign);
  if (options.idle === true) ownPriority("idle");
  return await runCapture(plan, store, capturePorts(paths, store), {
    writtenBy: `rehome ${version}`,
    compressionLevel: options.compressionLevel ?? "standard",
    packageFiles: options.packageFiles ?? "changed",
    ...(nspawnFile !== undefined && { nspawnFile }),
    idle: options.idle ?? false,
    ...(signingKey && { signingKey }),
    rate: rateLimitOf(options),
    onProgress: options.onProgress ?? (() => undefined),
    ...(options.signal && { signal: options.signal }),
    ...(notices && { notices }),
    ...(watch && { watch }),
  });
}

function rateLimitOf({ rateBytesPerSecond: rate }: CaptureOptions): RateLimit {
  if (rate === undefined) return unlimited;
  return limitRate(typeof rate === "number" ? () => rate : rate);
}

/** Makes the plan of a capture; changes nothing. @throws {SystemNotFoundError} @throws {RawSourceRefusedError} @throws {UsageError} */
export async function planCaptureOf(system: string, options: CaptureOptions = {}): Promise<PlannedCapture> {
  const paths = options.paths ?? choosePaths();
  const found = findSystem(system, paths);
  const mounts = readMounts();
  const store = realPath(storePath({ ...options, paths }));
  const ownPaths = [
    { path: store, isDirectory: true, reason: "the store itself" },
    { path: realPath(`${paths.stateDirectory}/cache`), isDirectory: true, reason: "caches of rehome" },
    { path: realPath(`${paths.stateDirectory}/clone`), isDirectory: true, reason: "keys of sessions of rehome" },
    ...readSwapFiles().map((path) => ({ path, isDirectory: false, reason: "active swap file" })),
  ];
  const facts = {
    kind: found.kind,
    root: found.root,
    name: options.name === undefined ? chooseImageName(found.name) : parseImageName(options.name),
    mounts: decideMounts(mounts, found, options),
    ownPaths,
    rootUid: statSync(found.root).uid,
    atRest: found.atRest || isReadOnly(mounts, found.root),
    hookCount: countHooks(paths.hooksDirectory, "pre-capture") + countHooks(paths.hooksDirectory, "post-capture"),
    streams: await planStreams(options.raw ?? [], options),
    additions: planAdditions(options.add ?? [], found.root, ownPaths),
  };
  if (facts.additions.length > 0 && found.kind === "machine" && facts.rootUid !== 0)
    throw new UsageError(
      "cannot add to a machine with a range of owners of its own: those of what is added would be out of it",
      "Copy it into the machine first.",
    );
  const defaultExcludes = found.kind === "host" && options.defaultExcludes !== false ? hostExcludes : [];
  const plan = planCapture(facts, {
    excludes: options.excludes ?? [],
    defaultExcludes,
    rehash: options.rehash ?? false,
    redact: options.redact ?? false,
  });
  return { plan, ...(found.nspawnFile !== undefined && { nspawnFile: found.nspawnFile }) };
}

/** Finds the files of a planned capture that are known by their paths to hold secrets. Reads no file, changes nothing. */
export async function* findSecrets(
  plan: CapturePlan,
  signal?: AbortSignal,
): AsyncGenerator<SecretFile, void, undefined> {
  for await (const { path, kind } of findSecretPaths(linuxTreeReader(), plan.root, chooserOf(plan), signal))
    yield { path: displayBytes(path), kind };
}

/** @throws {UsageError} If a mount that is to be taken is none below the root. */
function decideMounts(mounts: readonly Mount[], { root, kind }: FoundSystem, options: CaptureOptions): MountDecision[] {
  const include = options.includeMounts ?? [];
  const decided = planMounts(mounts, {
    root,
    kind: kind === "host" ? "host" : "other",
    oneFileSystem: options.oneFileSystem ?? false,
    include,
    removableDevices: removableDevices(mounts),
  });
  const unknown = include.find((path) => !decided.some(({ mountPoint }) => mountPoint === path));
  if (unknown !== undefined)
    throw new UsageError(
      `cannot take the mount "${unknown}": nothing is mounted there below "${root}"`,
      "Name a mount point as `findmnt` shows it.",
    );
  return decided;
}

interface FoundSystem {
  readonly kind: "host" | "machine" | "directory";
  readonly root: string;
  readonly name: string;
  readonly atRest: boolean;
  readonly nspawnFile: string | undefined;
}

function findSystem(text: string, paths: Paths): FoundSystem {
  const operand = parseOperand(text);
  if (operand.kind === "path") {
    const named = resolve(operand.path);
    if (!statSync(named, { throwIfNoEntry: false })?.isDirectory())
      throw new SystemNotFoundError(text, `directory ${named}`);
    // Mounts and the store are told by where they really are.
    const root = realPath(named);
    const isHost = root === "/";
    return {
      kind: isHost ? "host" : "directory",
      root,
      name: isHost ? hostname() : basename(named),
      atRest: false,
      nspawnFile: undefined,
    };
  }
  if (operand.kind === "machine") {
    const named = machinePlaces(paths, operand.name).directory;
    if (!statSync(named, { throwIfNoEntry: false })?.isDirectory())
      throw new SystemNotFoundError(text, `machine directory ${named}`);
    const nspawn = `${paths.nspawnDirectory}/${operand.name}.nspawn`;
    const running = isMachineRunning(named, operand.name);
    return {
      kind: "machine",
      root: realPath(named),
      name: operand.name,
      atRest: !running,
      nspawnFile: existsSync(nspawn) ? nspawn : undefined,
    };
  }
  throw new UsageError(
    `cannot capture "${text}": it names no system`,
    "Name `/`, a directory (with a `/` in it), or machine:NAME.",
  );
}

function isReadOnly(mounts: ReturnType<typeof readMounts>, root: string): boolean {
  const holding = mounts
    .filter(({ mountPoint }) => mountPoint === "/" || root === mountPoint || root.startsWith(`${mountPoint}/`))
    .toSorted((a, b) => a.mountPoint.length - b.mountPoint.length)
    .at(-1);
  return holding?.options.split(",").includes("ro") ?? false;
}

function capturePorts(paths: Paths, store: ImageStore): CapturePorts {
  growDescriptorTable();
  return {
    tree: linuxTreeReader(),
    startPool: (options) =>
      new WorkerPool<FileBatch, FileBatchResult>(
        "capture-worker",
        {
          claims: ClaimTable.allocate(claimSlots),
          indexPath: options.indexPath,
          storeWasEmpty: options.storeWasEmpty,
          condemnedPacks: options.condemnedPacks,
          compressionLevel: options.compressionLevel,
          ownerShift: options.ownerShift,
          redact: options.redact,
          priority: options.idle ? "idle" : "normal",
        } satisfies CaptureWorkerData,
        workerCount(),
      ),
    syncFileSystem,
    timesTellChanges,
    openRawSource: openSource,
    isVanished: (error) => ["ENOENT", "ELOOP", "ENXIO", "ESTALE", "ENOTDIR"].includes(errnoNameOf(error) ?? ""),
    async readFacts(root, factsOptions) {
      await using pool = new WorkerPool<FactsRequest, FactsResponse>("facts-worker", {}, 1);
      return await pool.run({ root, ...factsOptions });
    },
    runHooks: (when, variables, signal) =>
      runHooks(paths.hooksDirectory, when, { ...variables, REHOME_STORE: store.blobs.location }, signal),
  };
}

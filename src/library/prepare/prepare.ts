import { randomBytes } from "node:crypto";
import { closeSync, constants, openSync, realpathSync } from "node:fs";
import { basename, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { OnProgress } from "../../core/progress.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import { growDescriptorTable } from "../../host/descriptor-table.ts";
import { listExecutables, whyUnsafe } from "../../host/hooks.ts";
import { findNewFileSystems } from "../../host/prepare/new-file-systems.ts";
import { readBootPlace } from "../../host/prepare/boot-place.ts";
import { findProcessIn } from "../../host/prepare/processes-in-tree.ts";
import { nspawnSandbox } from "../../host/prepare/sandbox.ts";
import { openTreeEditor } from "../../host/prepare/tree-editor.ts";
import { runTool, ToolFailedError } from "../../host/processes.ts";
import { TreeUnsuitableError } from "../../system/prepare/errors.ts";
import { parseModuleName } from "../../system/prepare/hardware/module-name.ts";
import { parseNicMap } from "../../system/prepare/hardware/nic-mapping.ts";
import { parseNewHostname } from "../../system/prepare/identity/hostname.ts";
import type {
  BootPlace,
  IdentityPolicy,
  NewHome,
  PrepareChoices,
  UserProgram,
} from "../../system/prepare/operation.ts";
import { operations } from "../../system/prepare/operations.ts";
import { assertKnownOperations, planPrepare, type PreparePlan } from "../../system/prepare/plan.ts";
import type { TreeEditor } from "../../system/prepare/ports.ts";
import { runPrepare, type DoneOperation } from "../../system/prepare/run.ts";
import { whyForeign } from "./foreign-tree.ts";
import { tryLock } from "../restore/restore-ports.ts";
import { choosePaths, type Paths } from "../settings/settings.ts";

/** How to prepare. Everything has a default. */
export interface PrepareOptions {
  readonly paths?: Paths;
  /** `keep` (the default): a move, only what new hardware needs. `reset`: a clone, which becomes somebody else. */
  readonly identity?: IdentityPolicy;
  /** Whether a new identity is made `now` (the default), or by the system when it starts for the first time. */
  readonly fresh?: PrepareChoices["fresh"];
  readonly hostname?: string;
  /** `OLD=NEW`: names, MAC addresses, or a name and the address or slot of its card. */
  readonly mapNic?: readonly string[];
  /** Kernel modules for the initramfs, beside those that its tool chooses. */
  readonly bootModules?: readonly string[];
  /** Only these operations. */
  readonly only?: readonly string[];
  /** All operations but these. */
  readonly skip?: readonly string[];
  /** What the system will live on; by default what is mounted at the directory. */
  readonly newHome?: NewHome;
  /** Has the firmware of this host start the system from the disk that the directory lies on. Firmware that refuses is a warning. */
  readonly bootEntry?: boolean;
  /** The one device of this host that programs of the tree may use. */
  readonly device?: string;
  /** For each executable of `prepare.d`. Default: 10 minutes. */
  readonly programTimeoutMs?: number;
  /** Tells which operation runs; `items` counts them. */
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** What a preparation did. */
export interface PrepareResult {
  readonly plan: PreparePlan;
  readonly operations: readonly DoneOperation[];
  readonly durationMs: number;
}

const restTries = 20;
const restIntervalMs = 100;
const programTimeoutMs = 10 * 60_000;

/**
 * Makes a tree, as restore left it, a system in its new home. The tree is not trusted: nothing in it leads outside, and its programs
 * run in a sandbox only. Killed at any moment, the same call finishes it.
 *
 * @throws {TreeUnsuitableError} If something that has to be done cannot be done; nothing is changed then.
 * @throws {PrepareStepError} If a program of the tree fails; what was done before stays.
 */
export async function prepare(directory: string, options: PrepareOptions = {}): Promise<PrepareResult> {
  const startedMs = performance.now();
  using held = holdTree(directory);
  const { root, tree } = held;
  await assertAtRest(root);
  const plan = await makePlan(root, tree, options);
  const totalItems = plan.operations.filter(({ state }) => state === "change").length;
  let items = 0;
  const done = await runPrepare(
    plan,
    operations,
    { tree, sandbox: nspawnSandbox, runOnHost, random: (sizeBytes) => randomBytes(sizeBytes) },
    {
      onOperation: (phase) => options.onProgress?.({ version: 1, phase, bytes: 0, items: items++, totalItems }),
      device: options.device,
      signal: options.signal,
    },
  );
  return { plan, operations: done, durationMs: performance.now() - startedMs };
}

/** Says what {@link prepare} would do; changes nothing. @throws {TreeUnsuitableError} If the directory holds no system. */
export async function planPrepareOf(directory: string, options: PrepareOptions = {}): Promise<PreparePlan> {
  using held = holdTree(directory);
  return await makePlan(held.root, held.tree, options);
}

async function makePlan(root: string, tree: TreeEditor, options: PrepareOptions): Promise<PreparePlan> {
  const { identity = "keep", fresh = "now", hostname, mapNic = [], bootModules = [], only = [], skip = [] } = options;
  const choice = { only, skip };
  assertKnownOperations(operations, choice);
  const choices: PrepareChoices = {
    identity,
    fresh,
    hostname: hostname === undefined ? undefined : parseNewHostname(hostname),
    bootPlace: options.bootEntry === true ? await findBootPlace(root) : undefined,
    nicMap: parseNicMap(mapNic),
    bootModules: bootModules.map(parseModuleName),
    newHome: options.newHome ?? (await findNewHome(root)),
    programs: listPrograms((options.paths ?? choosePaths()).prepareDirectory),
    programTimeoutMs: options.programTimeoutMs ?? programTimeoutMs,
  };
  return planPrepare(root, tree, operations, choices, choice, () => nspawnSandbox.whyNot(root) ?? whyForeign(root));
}

async function findBootPlace(root: string): Promise<BootPlace> {
  const place = await readBootPlace(root);
  if (place !== undefined) return place;
  const remedy = "Mount the partition of a disk there, or leave out --boot-entry.";
  throw new TreeUnsuitableError(root, "it lies on no partition that a firmware could start from", remedy);
}

async function runOnHost(
  [program = "", ...args]: readonly string[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    await runTool(program, args, { mustSucceed: true, ...(signal && { signal }) });
    return undefined;
  } catch (error) {
    if (error instanceof ToolFailedError) return error.message;
    throw error;
  }
}

async function findNewHome(root: string): Promise<NewHome | undefined> {
  const fileSystems = await findNewFileSystems(root);
  return fileSystems && { fileSystems, oldDisks: [], isComplete: false };
}

function listPrograms(directory: string): UserProgram[] {
  return listExecutables(directory).map((hostPath) => {
    const unsafe = whyUnsafe(hostPath);
    return { name: basename(hostPath), hostPath, ...(unsafe !== undefined && { unsafe }) };
  });
}

/** A tree that nobody else prepares as long as this is held. */
interface HeldTree extends Disposable {
  readonly root: string;
  readonly tree: TreeEditor;
}

function holdTree(directory: string): HeldTree {
  growDescriptorTable();
  const root = realDirectory(directory);
  const lock = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    if (!tryLock(lock)) throw new TreeUnsuitableError(root, "another process is at work in it", "Wait for it to end.");
    const tree = openTreeEditor(root);
    if (tree.stat("etc" as TreePath)?.kind !== "directory") {
      tree[Symbol.dispose]();
      throw new TreeUnsuitableError(root, "it holds no system: there is no /etc in it", "Name the root of a system.");
    }
    return {
      root,
      tree,
      [Symbol.dispose]() {
        tree[Symbol.dispose]();
        closeSync(lock);
      },
    };
  } catch (error) {
    closeSync(lock);
    throw error;
  }
}

/** What a killed preparation ran in its sandbox is given the moment that the kernel takes to end it. */
async function assertAtRest(root: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    const pid = findProcessIn(root);
    if (pid === undefined) return;
    if (tries === restTries)
      throw new TreeUnsuitableError(root, `the system in it runs: process ${pid} is one of it`, "Stop it before.");
    await setTimeout(restIntervalMs);
  }
}

function realDirectory(directory: string): string {
  let root: string;
  try {
    root = realpathSync(resolve(directory));
  } catch (error) {
    throw new TreeUnsuitableError(
      directory,
      (error as NodeJS.ErrnoException).code === "ENOENT" ? "it does not exist" : "it cannot be reached",
      "Name a directory that holds a system.",
    );
  }
  if (root === "/")
    throw new TreeUnsuitableError(root, "it is this host itself", "Name a directory that holds another system.");
  return root;
}

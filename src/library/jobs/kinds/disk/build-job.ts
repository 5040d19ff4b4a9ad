import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseImageOperand } from "../../../../core/operand.ts";
import type { Checkpoint, CheckpointContext, JobKind } from "../../../../engine/job-kind.ts";
import type { JobId, JobRecord, Json } from "../../../../engine/job.ts";
import { diskPorts } from "../../../../host/disk/disk-ports.ts";
import { inspectDevice } from "../../../../host/disk/inspect-device.ts";
import { bootId } from "../../../../host/process-probe.ts";
import { buildSteps, undoBuild, type BuildStep } from "../../../../system/disk/build/build-steps.ts";
import type { BuildRequest, BuildSource } from "../../../../system/disk/build/request.ts";
import { convertDisk } from "../../../../system/disk/convert/convert-disk.ts";
import { checkDevice } from "../../../../system/disk/target/check-device.ts";
import { checkpointSource, type CheckedDisk, type PreparedDisk } from "../../../disk/checkpoint-source.ts";
import type { DiskSource } from "../../../disk/disk-source.ts";
import {
  defaultMachine,
  planDiskBuild,
  type DiskBuildOptions,
  type PlannedDiskBuild,
} from "../../../disk/plan-build.ts";
import { realPaths } from "../../../disk/disk-target.ts";
import { splitName } from "../../../disk/per-disk.ts";
import { tellKernel } from "../../../disk/tell-kernel.ts";
import { assertWrittenSinceBoot } from "../../../disk/written-since-boot.ts";
import { readStreamOf } from "../../../images/streams.ts";
import { storeOf } from "../../../images/images.ts";
import { choosePaths, type Paths } from "../../../settings/settings.ts";
import { storePath } from "../../../store/store.ts";
import { fromJson, toJson } from "../../json.ts";
import { choicesOf, isEqual, runAsJob, type JobOptions } from "../../run-as-job.ts";
import { BuildHome } from "./build-home.ts";
import { claimNames, lookAtDisk, removeClaimed, type WrittenDisk } from "./written-disk.ts";

/** What a build's job keeps of how it was called; all paths absolute. */
interface DiskBuildParameters {
  readonly image: string;
  readonly store: string;
  readonly paths: Paths;
  readonly options: Omit<DiskBuildOptions, "store" | "paths">;
}

/** A disk that was built. */
export interface BuiltDisks {
  readonly disks: readonly (WrittenDisk & { readonly disk: string })[];
  readonly devices: readonly { readonly disk: string; readonly path: string }[];
  readonly prepared: PreparedDisk["operations"];
  /** Where the tree on the disk differs from the image, each with what made it so. */
  readonly differences: CheckedDisk["differences"];
  readonly differenceCount: number;
  /** What the new file systems could not be given. */
  readonly lossCount: number;
}

/** Builds of disks as jobs: a checkpoint for each step, and one that gives the files their names. */
export const diskBuildKind: JobKind = {
  kind: "disk-build",
  planVersion: 1,
  mounts: true,
  checkpoints({ id, parameters, plan }) {
    const build = new DiskBuild(id, fromJson(parameters), fromJson(plan));
    return build.checkpoints();
  },
  async hold(job) {
    // However it was when this was planned: a device that is in use now is never written to.
    const { targets } = fromJson<PlannedDiskBuild>(job.plan);
    const { options } = fromJson<DiskBuildParameters>(job.parameters);
    const wasBegun = job.checkpoints.some(({ state }) => state !== "pending");
    for (const { kind, path } of targets) {
      if (kind !== "device") continue;
      checkDevice(await inspectDevice(path), wasBegun ? [path] : realPaths(options.mayErase ?? []));
    }
    return new AsyncDisposableStack();
  },
  insteadOfUndo: ({ id }) => `What the device held is gone. \`rehome job resume ${id}\` finishes the disk.`,
  remains: ({ id, parameters, plan }) =>
    new DiskBuild(id, fromJson(parameters), fromJson(plan)).files.map(({ workFile }) => workFile),
};

/**
 * Builds a disk from an image as a job; run again after it was stopped, it goes on.
 *
 * @throws What `planDiskBuild` throws, before anything is changed. @throws {TargetDiffersError} If the tree on the disk is not the image's.
 * @throws {DiskNotCleanError} @throws {BootLoaderError} @throws {JobPausedError} @throws {JobCancelledError}
 */
export async function buildDiskAsJob(image: string, given: DiskBuildOptions & JobOptions): Promise<BuiltDisks> {
  const { paths = choosePaths() } = given;
  const rest = choicesOf(given);
  const place = { ...storeOf(parseImageOperand(image), given), paths };
  const planned = await planDiskBuild(image, { ...rest, ...place });
  const absolute = (value: string): string => {
    const [name, path] = splitName(value);
    return name === undefined ? resolve(path) : `${name}=${resolve(path)}`;
  };
  const parameters: DiskBuildParameters = {
    image: `@${planned.image.image}`,
    store: storePath(place),
    paths,
    options: {
      ...rest,
      outputs: (rest.outputs ?? []).map(absolute),
      devices: (rest.devices ?? []).map(absolute),
      luksPassphraseFiles: (rest.luksPassphraseFiles ?? []).map(absolute),
    },
  };
  const title = `build ${planned.targets.map(({ path }) => path).join(", ")} from ${planned.image.name}:${planned.image.tag}`;
  const order = { title, parameters: toJson(parameters), plan: toJson(planned) };
  // A plan made anew has other UUIDs; the one of the job that is gone on with holds.
  const isSame = (job: JobRecord): boolean => isEqual(job.parameters, order.parameters);
  const { result } = await runAsJob(diskBuildKind, order, { ...given, paths }, isSame);
  return fromJson(result);
}

/** What the first checkpoint leaves: under which start of the kernel the files were begun. */
interface Begun {
  readonly begunIn: string;
}

/** One build, from what its job keeps of it. */
class DiskBuild {
  readonly #id: JobId;
  readonly #devices: readonly string[];
  readonly #parameters: DiskBuildParameters;
  readonly #planned: PlannedDiskBuild;
  readonly #source: DiskSource;
  readonly #request: BuildRequest;
  readonly #home: BuildHome;
  /** The files that are built, and the plain ones that they are made from. */
  readonly files: readonly {
    readonly disk: string;
    readonly path: string;
    readonly format: WrittenDisk["format"];
    readonly workFile: string;
  }[];

  constructor(id: JobId, parameters: DiskBuildParameters, planned: PlannedDiskBuild) {
    const { targets, plan, firmware, passphraseFiles = {}, systemName, newestMs } = planned;
    const { image, store, paths, options } = parameters;
    this.#id = id;
    this.#parameters = parameters;
    this.#planned = planned;
    this.#source = {
      image,
      store,
      paths,
      plan,
      prepare: options.prepare ?? {},
      ...(newestMs !== undefined && { newestMs }),
    };
    this.files = targets.flatMap((target) =>
      target.kind === "file"
        ? [{ ...target, workFile: join(dirname(target.path), `.${basename(target.path)}.${id}.raw`) }]
        : [],
    );
    const devices = targets.flatMap(({ kind, disk, path }) => (kind === "device" ? [[disk, path] as const] : []));
    this.#devices = devices.map(([, path]) => path);
    this.#request = {
      plan,
      firmware,
      systemName,
      paths: new Map([...this.files.map(({ disk, workFile }) => [disk, workFile] as const), ...devices]),
      workDirectory: `${paths.stateDirectory}/jobs/${id}/work`,
      // A device is a real computer's, which says where its console is.
      hasSerialConsole: devices.length === 0,
      passphraseFiles: new Map(Object.entries(passphraseFiles)),
    };
    this.#home = new BuildHome(this.#request);
  }

  checkpoints(): readonly Checkpoint[] {
    const isFinal = this.#planned.targets.some(({ kind }) => kind === "device");
    const steps = buildSteps(this.#request, idleSource, diskPorts);
    const ways = isFinal ? ({ undo: "none" } as const) : ({ undo: "removes" } as const);
    return [
      ...steps.map(({ name, title, weight }, index): Checkpoint => ({
        name,
        title,
        weight,
        ...ways,
        run: (context) => this.#run(name, context),
        ...(!isFinal && { takeBack: () => (index === 0 ? undoBuild(this.#request, diskPorts) : Promise.resolve()) }),
      })),
      {
        name: "publish",
        title: isFinal ? "End the build" : `Write ${this.files.map(({ path }) => path).join(", ")}`,
        weight: 20,
        ...ways,
        run: (context) => this.#publish(context),
        ...(!isFinal && { takeBack: (context) => this.#unpublish(context) }),
      },
    ];
  }

  async #run(name: BuildStep["name"], context: CheckpointContext): Promise<Json> {
    this.#assertWhole(context);
    const home = this.#home;
    const { source, result } = await checkpointSource(this.#source, context, home.threads);
    home.startThreads(name, context);
    // Writing everything to the disk comes after the tree has gone.
    const tree = name === "sync" ? undefined : await home.keepTree(context);
    const step = buildSteps(this.#request, source, diskPorts, tree).find((each) => each.name === name);
    await step?.run(context.signal);
    if (name === "check" || this.#devices.length > 0) await home.closeTree(context);
    for (const device of this.#devices) diskPorts.files.sync(device);
    if (name === "sync") await tellKernel(this.#planned.targets, context);
    return name === "partition" ? toJson({ begunIn: bootId() } satisfies Begun) : result();
  }

  /** Devices are made durable after each step. */
  #assertWhole({ results }: CheckpointContext): void {
    const begun = fromJson<Begun | null>(results.get("partition") ?? null);
    const workFiles = this.files.map(({ workFile }) => workFile).filter((file) => existsSync(file));
    assertWrittenSinceBoot(this.#id, begun?.begunIn, bootId(), workFiles);
  }

  async #publish(context: CheckpointContext): Promise<Json> {
    this.#assertWhole(context);
    const { options } = this.#parameters;
    const [firmware = "bios"] = this.#planned.firmware.toReversed();
    await claimNames(
      this.files.map(({ path }) => path),
      context,
    );
    for (const { path, format, workFile } of this.files) {
      // Without it an earlier run came to the end of this one.
      if (!existsSync(workFile)) continue;
      if (format === "raw") {
        diskPorts.files.sync(workFile);
        diskPorts.files.rename(workFile, path);
        diskPorts.files.sync(path);
        continue;
      }
      const name = basename(path).replace(/\.[^.]*$/, "");
      const machine = { name, firmware, ...(options.machine ?? defaultMachine) };
      const { hypervisor } = options;
      const conversion = { from: workFile, fromFormat: "raw", to: path, toFormat: format, machine } as const;
      await convertDisk({ ...conversion, ...(hypervisor && { hypervisor }) }, diskPorts, context.signal);
      diskPorts.files.remove(workFile);
    }
    diskPorts.files.remove(this.#request.workDirectory);
    const { operations } = fromJson<PreparedDisk>(context.results.get("prepare") ?? null);
    const checked = fromJson<CheckedDisk>(context.results.get("check") ?? null);
    const { lossCount } = fromJson<{ readonly lossCount: number }>(context.results.get("restore") ?? null);
    return toJson({
      disks: this.files.map(({ disk, path, format }) => ({ disk, ...lookAtDisk(path, format) })),
      devices: this.#planned.targets.flatMap(({ kind, disk, path }) => (kind === "device" ? [{ disk, path }] : [])),
      prepared: operations,
      ...checked,
      lossCount,
    } satisfies BuiltDisks);
  }

  #unpublish(context: CheckpointContext): Promise<void> {
    const built = fromJson<BuiltDisks | null>(context.results.get("publish") ?? null);
    removeClaimed(
      this.files.map(({ path }) => path),
      built?.disks ?? [],
      context,
    );
    return Promise.resolve();
  }
}

/** For looking at steps that are not run. */
const idleSource: BuildSource = {
  readStream: () => readStreamOf("", ""),
  restore: () => Promise.resolve(),
  prepare: () => Promise.resolve(),
  findStale: () => [],
  verify: () => Promise.resolve(),
  finish: () => undefined,
};

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { UsageError } from "../../core/errors.ts";
import { loadModule } from "../../host/build/load-module.ts";
import { errnoNameOf } from "../../host/system-call-error.ts";
import {
  BuildInvalidError,
  BuildNotResumableError,
  BuildRegistrationError,
  chooseVariables,
  emptyRecord,
  formatPath,
  lastResumable,
  loadManifest,
  planResume,
  registerCheckpoint,
  type CheckpointOrder,
  type LoadedManifest,
  type Problem,
  type Registered,
  type Resumability,
  type Variables,
} from "../../journeys/build/index.ts";
import type { BuildParameters } from "../jobs/kinds/build-job.ts";
import { choosePaths, type Paths } from "../settings/settings.ts";
import { storePath, type StoreOptions } from "../store/store.ts";
import { openBuildArea, viewBuildArea } from "./build-area.ts";
import { buildPorts } from "./build-ports.ts";
import { runBuild, type BuildOutcome, type BuildRange, type RunBuildOptions } from "./run-build.ts";

/** How a build is opened. Everything has a default. */
export interface BuildOptions extends StoreOptions {
  /** The place where it builds, and keeps its states. Default: one for each manifest in the state directory. */
  readonly work?: string;
  /** Values of variables of the manifest. */
  readonly set?: Readonly<Record<string, string>>;
  /** Where the variables are that the manifest asks the environment for. Default: the process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A checkpoint for {@link Build.register}. */
export interface CheckpointRegistration {
  readonly name: string;
  /** A built-in constructor, or `./MODULE.ts#EXPORT` relative to the manifest. */
  readonly uses: string;
  readonly description?: string;
  /** `90s`, `15m`, `2h`. */
  readonly timeout?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

/** A checkpoint of a build, as lists show it. */
export interface ListedCheckpoint {
  readonly name: string;
  readonly uses: string;
  readonly description: string;
  readonly resumable: Resumability;
  /** What it would do. */
  readonly steps: readonly string[];
}

/**
 * Opens a build: reads its manifest with all that it includes and registers its checkpoints. Nothing runs but the top level of modules
 * that the manifest names.
 *
 * @throws {BuildInvalidError} With everything that is wrong.
 */
export async function openBuild(file: string, options: BuildOptions = {}): Promise<Build> {
  const manifest = await loadManifest(file, readText);
  const { variables, complaints } = chooseVariables(manifest.variables, manifest.environment, {
    set: options.set ?? {},
    environment: options.environment ?? process.env,
  });
  const problems = complaints.map((message): Problem => ({ file, line: undefined, path: "variables", message }));
  if (problems.length > 0) throw new BuildInvalidError(file, problems);
  const paths = options.paths ?? choosePaths();
  const place: BuildParameters = {
    directory: resolve(options.work ?? defaultDirectory(manifest, paths)),
    store: storePath({ ...options, paths }),
    paths,
  };
  return await Build.open(manifest, variables, place);
}

/** Manifests of one name in several places are several builds. */
function defaultDirectory({ name, file }: LoadedManifest, { stateDirectory }: Paths): string {
  return `${stateDirectory}/builds/${name}-${createHash("sha256").update(file).digest("hex").slice(0, 8)}`;
}

/**
 * A build whose checkpoints are registered.
 *
 * Invariants: every checkpoint has been held against its constructor's schema; none changes once it has been executed.
 */
export class Build {
  readonly manifest: LoadedManifest;
  readonly #variables: Variables;
  readonly #place: BuildParameters;
  #registered: readonly Registered[] = [];
  #isRunning = false;
  /** Names of checkpoints that ran to their end in this process. */
  #executed: ReadonlySet<string> = new Set();

  /** @throws {BuildInvalidError} */
  static async open(manifest: LoadedManifest, variables: Variables, place: BuildParameters): Promise<Build> {
    const build = new Build(manifest, variables, place);
    const problems: Problem[] = [];
    for (const order of manifest.checkpoints) problems.push(...(await build.#insert(order, build.#registered.length)));
    if (problems.length > 0) throw new BuildInvalidError(manifest.file, problems);
    return build;
  }

  private constructor(manifest: LoadedManifest, variables: Variables, place: BuildParameters) {
    this.manifest = manifest;
    this.#variables = variables;
    this.#place = place;
  }

  /** The place where it builds. */
  get directory(): string {
    return this.#place.directory;
  }

  /**
   * Registers a further checkpoint, at the end or before another one.
   *
   * @throws {BuildInvalidError} If it is not as its constructor wants it. @throws {BuildRegistrationError} While the build runs, or before
   * a checkpoint that has been executed.
   */
  async register(checkpoint: CheckpointRegistration, { before }: { readonly before?: string } = {}): Promise<void> {
    const what = `register the checkpoint "${checkpoint.name}"`;
    if (this.#isRunning) throw new BuildRegistrationError(what, "the build is running", "Wait until run() is done.");
    const index = before === undefined ? this.#registered.length : this.#indexOf(before);
    const executed = this.#registered.slice(index).find(({ planned }) => this.#executed.has(planned.name));
    if (executed)
      throw new BuildRegistrationError(
        what,
        `"${executed.planned.name}", which comes after it, has been executed`,
        "Open the build anew; what was executed is then gone on from where nothing before it has changed.",
      );
    const { directory } = this.manifest.checkpoints[0] ?? { directory: process.cwd() };
    const order: CheckpointOrder = {
      ...checkpoint,
      with: checkpoint.with ?? {},
      directory,
      problem: (keys, message) => ({ file: "register()", line: undefined, path: formatPath(keys), message }),
    };
    const problems = await this.#insert(order, index);
    if (problems.length > 0) throw new BuildInvalidError(this.manifest.file, problems);
  }

  /** The checkpoints in their order, with what they would do and whether the build can begin there. */
  async list(): Promise<readonly ListedCheckpoint[]> {
    const area = viewBuildArea(this.#place.directory, this.#place.paths);
    const planned = this.#registered.map((registered) => registered.planned);
    const resumable = planResume(planned, area.readRecord() ?? emptyRecord, await area.statesKept());
    return this.#registered.map(({ planned: { name, uses, description }, steps }, index) => ({
      name,
      uses,
      description,
      resumable: resumable[index] ?? { canResume: false, why: "it was registered meanwhile" },
      steps,
    }));
  }

  /**
   * The checkpoints that {@link run} would run with the same choices. Changes nothing.
   *
   * @throws {BuildNotResumableError} If the build cannot begin there. @throws {UsageError} If a checkpoint that is named does not exist.
   */
  async plan(options: BuildRange = {}): Promise<readonly ListedCheckpoint[]> {
    const [from, until] = this.#rangeOf(options);
    const checkpoints = await this.list();
    const here = checkpoints[from];
    if (here?.resumable.canResume === false)
      throw new BuildNotResumableError(
        here.name,
        here.resumable.why,
        lastResumable(
          checkpoints,
          checkpoints.map(({ resumable }) => resumable),
        ),
      );
    return checkpoints.slice(from, until);
  }

  /** Bytes on disk of the states that are kept. */
  async stateBytes(): Promise<number> {
    return await viewBuildArea(this.#place.directory, this.#place.paths).stateBytes();
  }

  /**
   * Runs the build as a job. What becomes of it is told by the outcome; nothing is thrown but misuse.
   *
   * @throws {BuildRegistrationError} If it is running. @throws {UsageError} If a checkpoint that is named does not exist.
   */
  async run(options: RunBuildOptions = {}): Promise<BuildOutcome> {
    if (this.#isRunning)
      throw new BuildRegistrationError("run the build", "it is running", "Wait until run() is done.");
    const [from] = this.#rangeOf(options);
    this.#isRunning = true;
    try {
      const outcome = await runBuild(this.manifest, this.#registered, this.#place, from, options);
      const done = outcome.job?.checkpoints.filter(({ state }) => state === "done") ?? [];
      this.#executed = new Set([...this.#executed, ...done.map(({ name }) => name)]);
      return outcome;
    } finally {
      this.#isRunning = false;
    }
  }

  /** Removes everything that builds keep in the place. @throws {BuildBusyError} */
  async clean(): Promise<void> {
    await using area = openBuildArea(this.#place.directory, "a clean-up", this.#place.paths);
    await area.clear();
  }

  #rangeOf({ resumeAt, pauseBefore }: BuildRange): readonly [number, number] {
    const from = resumeAt === undefined ? 0 : this.#indexOf(resumeAt);
    const until = pauseBefore === undefined ? this.#registered.length : this.#indexOf(pauseBefore);
    if (until >= from) return [from, until];
    throw new UsageError(
      `cannot pause before "${pauseBefore}": it comes before "${resumeAt}", where the build begins`,
      "Name a later checkpoint with -p, or an earlier one with -r.",
    );
  }

  #indexOf(name: string): number {
    const index = this.#registered.findIndex(({ planned }) => planned.name === name);
    if (index >= 0) return index;
    throw new UsageError(
      `cannot find the checkpoint "${name}": the build has none of that name`,
      `It has ${this.#registered.map(({ planned }) => planned.name).join(", ")}.`,
    );
  }

  async #insert(order: CheckpointOrder, index: number): Promise<readonly Problem[]> {
    const { paths, store } = this.#place;
    const registering = { variables: this.#variables, ports: buildPorts(store, paths), loadModule };
    const later = this.#registered.slice(index);
    const before = this.#registered.slice(0, index);
    const taken = later.find(({ planned }) => planned.name === order.name);
    if (taken)
      return [
        order.problem(["name"], `a checkpoint with the name "${order.name}" is registered; names must be unique`),
      ];
    const result = await registerCheckpoint(order, before, registering);
    if (!("planned" in result)) return result;
    this.#registered = [...before, result, ...later];
    return [];
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes(errnoNameOf(error) ?? "")) return undefined;
    throw error;
  }
}

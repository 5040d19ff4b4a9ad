import { crashPoint } from "../../../core/crash-points.ts";
import type { CheckpointContext } from "../../../engine/job-kind.ts";
import type { Json } from "../../../engine/job.ts";
import { runWithin } from "../../../engine/run/run-within.ts";
import { emptyRecord, type AreaRecord, type CompletedCheckpoint } from "../area-record.ts";
import type { BuildContext } from "../checkpoint/constructor.ts";
import { BuildData } from "../checkpoint/data-objects.ts";
import { BuildNotResumableError, CheckpointFailedError } from "../errors.ts";
import { lastResumable, planResume } from "../plan.ts";
import type { BuildArea, BuildPorts } from "../ports.ts";
import type { LoadModule } from "../register/load-constructor.ts";
import type { PlannedCheckpoint } from "../register/planned-checkpoint.ts";
import type { BuildPlan } from "./build-plan.ts";
import { makeCheckpoint, type MadeCheckpoint } from "./make-checkpoint.ts";
import { withoutTotals } from "./phase-progress.ts";

/**
 * The run of a build in this process.
 *
 * Invariants: a checkpoint begins with the tree, the work area and the persistent data as the one before it left them, whoever
 * ran that and when; the record of the place names only states that are kept.
 */
export class BuildRun {
  readonly #plan: BuildPlan;
  readonly #area: BuildArea;
  readonly #ports: BuildPorts;
  readonly #loadModule: LoadModule;
  readonly #data = new BuildData();
  /** Which checkpoint's starting state the tree is in, as this process has made it. */
  #treeIsBefore: number | undefined;
  /** After a failure that the build goes on from no more states are kept. */
  #hasFailed = false;

  constructor(plan: BuildPlan, area: BuildArea, ports: BuildPorts, loadModule: LoadModule) {
    this.#plan = plan;
    this.#area = area;
    this.#ports = ports;
    this.#loadModule = loadModule;
  }

  /** Runs one checkpoint, from its exact starting state to the kept state after it. Returns the data objects that it set. */
  async run(index: number, context: CheckpointContext): Promise<Json> {
    const planned = this.#planned(index);
    const { log } = this.#area;
    const startedMs = performance.now();
    log(`${planned.name}: ${planned.description}`, "simple");
    try {
      if (!this.#hasFailed) await this.#begin(index, context);
      const before = this.#data.persistent;
      const made = await this.#make(planned);
      crashPoint(`build.${planned.name}.begun`);
      await this.#runWithin(planned, made, context);
      crashPoint(`build.${planned.name}.ran`);
      if (!this.#hasFailed) await this.#complete(index, made, context, startedMs);
      log(`${planned.name}: done in ${seconds(startedMs)}`, "simple");
      return changedObjects(before, this.#data.persistent);
    } catch (error) {
      this.#treeIsBefore = undefined;
      this.#hasFailed = !context.signal.aborted;
      const what = context.signal.aborted
        ? "stopped"
        : `failed: ${error instanceof Error ? error.message : String(error)}`;
      log(`${planned.name}: ${what} after ${seconds(startedMs)}`, "simple");
      throw error;
    }
  }

  /** Takes back one checkpoint; with the first of the job the place becomes what it was before that. */
  async takeBack(index: number, context: CheckpointContext): Promise<void> {
    const planned = this.#planned(index);
    const record = this.#record();
    // What the job itself has set holds, also where another build has changed the place since.
    const own = this.#plan.checkpoints.slice(0, index + 1).map(({ name }) => context.results.get(name) ?? {});
    this.#data.bringBack(
      Object.assign({}, record.completed[index]?.data ?? record.completed[index - 1]?.data ?? {}, ...own),
    );
    const { checkpoint, provides } = await this.#make(planned, false);
    await checkpoint.undo?.(this.#contextOf(planned, provides, context, context.signal));
    if (index > this.#plan.from) return;
    if (index === 0) await this.#area.clear();
    else {
      const completed = record.completed.slice(0, index);
      await this.#area.bringBack(completed.at(-1)?.state, quietly(context));
      this.#area.writeRecord({ ...record, completed });
      await this.#area.dropStatesBut(statesOf(completed), quietly(context));
    }
  }

  /** Brings everything to where the checkpoint begins. @throws {BuildNotResumableError} */
  async #begin(index: number, context: CheckpointContext): Promise<void> {
    if (this.#treeIsBefore === index) return;
    const { checkpoints } = this.#plan;
    const record = this.#record();
    const resumable = planResume(checkpoints, record, await this.#area.statesKept());
    const here = resumable[index];
    if (here?.canResume === false)
      throw new BuildNotResumableError(this.#planned(index).name, here.why, lastResumable(checkpoints, resumable));
    const previous = record.completed[index - 1];
    await this.#area.bringBack(previous?.state, quietly(context));
    this.#data.bringBack(previous?.data ?? {});
    crashPoint("build.brought-back");
  }

  async #runWithin(planned: PlannedCheckpoint, made: MadeCheckpoint, context: CheckpointContext): Promise<void> {
    const bounds = {
      what: `checkpoint "${planned.name}"`,
      timeoutMs: planned.timeoutMs,
      signal: context.signal,
      onAbandon: () => this.#area.keepLock(),
    };
    await runWithin(bounds, (signal) => made.checkpoint.run(this.#contextOf(planned, made.provides, context, signal)));
    context.signal.throwIfAborted();
  }

  async #complete(index: number, made: MadeCheckpoint, context: CheckpointContext, startedMs: number): Promise<void> {
    const { name, identity } = this.#planned(index);
    const record = this.#record();
    const before = record.completed[index - 1]?.state;
    const state = made.changesTree || before === undefined ? await this.#area.keepState(quietly(context)) : before;
    crashPoint(`build.${name}.state-kept`);
    const done: CompletedCheckpoint = { identity, state, data: this.#data.persistent, endedAtMs: Date.now() };
    const completed = [...record.completed.slice(0, index), done];
    const tookMs = { ...record.tookMs, [name]: Math.round(performance.now() - startedMs) };
    this.#area.writeRecord({ version: 1, completed, tookMs });
    crashPoint(`build.${name}.recorded`);
    this.#treeIsBefore = index + 1;
    if (index === this.#plan.checkpoints.length - 1)
      await this.#area.dropStatesBut(statesOf(completed), quietly(context));
  }

  #make(planned: PlannedCheckpoint, isToRun = true): Promise<MadeCheckpoint> {
    const { detailLog } = this.#area;
    return makeCheckpoint(planned, {
      ports: this.#ports,
      loadModule: this.#loadModule,
      lookUp: (name) => this.#data.get(name),
      refuse: (why) => new CheckpointFailedError(planned.name, why, detailLog),
      isToRun,
    });
  }

  #contextOf(
    planned: PlannedCheckpoint,
    provides: MadeCheckpoint["provides"],
    { cursor, saveCursor, onProgress }: CheckpointContext,
    signal: AbortSignal,
  ): BuildContext {
    const { root, work, log, detailLog } = this.#area;
    return {
      root,
      work,
      data: this.#data.forCheckpoint(provides, (why) => new CheckpointFailedError(planned.name, why, detailLog)),
      log: (line) => log(`${planned.name}: ${line}`, "simple"),
      detail: (line) => log(`${planned.name}: ${line}`, "detail"),
      onProgress,
      signal,
      ports: this.#ports,
      remembered: cursor,
      remember: saveCursor,
    };
  }

  #record(): AreaRecord {
    return this.#area.readRecord() ?? emptyRecord;
  }

  #planned(index: number): PlannedCheckpoint {
    const planned = this.#plan.checkpoints[index];
    if (planned === undefined) throw new RangeError(`the build has no checkpoint ${index}`);
    return planned;
  }
}

/** How it is told that a state is kept or brought back: as phases of the checkpoint, whose totals are not its own. */
function quietly({ onProgress, signal }: CheckpointContext): Pick<CheckpointContext, "onProgress" | "signal"> {
  return { onProgress: withoutTotals(onProgress), signal };
}

function statesOf(completed: readonly CompletedCheckpoint[]): ReadonlySet<string> {
  return new Set(completed.map(({ state }) => state));
}

function changedObjects(before: Readonly<Record<string, Json>>, after: Readonly<Record<string, Json>>): Json {
  const changed = Object.entries(after).filter(([name, value]) => before[name] !== value);
  return changed.length === 0 ? null : Object.fromEntries(changed);
}

function seconds(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
}

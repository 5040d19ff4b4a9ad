import assert from "node:assert/strict";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { armCrashPoints } from "../../src/core/crash-points.ts";
import { UndoRefusedError } from "../../src/engine/errors.ts";
import type { JobId, JobRecord } from "../../src/engine/job.ts";
import { runJob, type JobOutcome } from "../../src/engine/run/run-job.ts";
import { pointOfNoReturn, undoJob } from "../../src/engine/run/undo-job.ts";
import { openEngine, type Engine } from "../../src/library/jobs/engine.ts";
import { kindOf } from "../../src/library/jobs/kinds/job-kinds.ts";
import type { JobOptions } from "../../src/library/jobs/run-as-job.ts";
import { loopMount } from "../support/file-systems.ts";
import { mortal } from "../support/mortal-ports.ts";
import { pathsIn } from "../support/place.ts";
import { randomNumbers, testSeed, testTimes } from "../support/seed.ts";
import { assertTidy, emptyMount, look, type Scene, type Sight } from "./job-sight.ts";
import { memoryDirectory } from "../support/memory-directory.ts";

/** A kind of job in a situation. */
export interface JobCase {
  /** Brings a scene to where the job begins. */
  readonly prepare: (scene: Scene) => Promise<void>;
  /** Makes the job and runs it, as the command does. */
  readonly run: (scene: Scene, options: JobOptions) => Promise<unknown>;
  /** Waits until others are as the job needs them, also after it died. */
  readonly ready?: () => Promise<void>;
  /** What else must come to the same. */
  readonly more?: (scene: Scene) => Promise<unknown>;
  /** Dies at so many of the places only, chosen anew with each seed: for jobs that take long. */
  readonly places?: number;
  /** Dies at every place of the engine too, not at a few chosen anew with each seed: one kind of job is enough for that. */
  readonly everyPlaceOfEngine?: true;
  /** The target is a mount point. */
  readonly inPlace?: true;
}

const placesOfEngine = 4;

class CrashError extends Error {
  override readonly name = "CrashError";
}

/** A place where the job died: a crash point, and how often it was passed before. */
interface Place {
  readonly name: string;
  readonly time: number;
}

/** Lets a case's job die at every crash point in turn, and holds what others make of it against runs without a crash. */
export class JobCrashes {
  readonly #context: TestContext;
  readonly #case: JobCase;
  readonly #directory: string;
  #scenes = 0;
  #mount: string | undefined;

  private constructor(context: TestContext, jobCase: JobCase, directory: string) {
    this.#context = context;
    this.#case = jobCase;
    this.#directory = directory;
  }

  static async of(context: TestContext, jobCase: JobCase): Promise<JobCrashes> {
    const crashes = new JobCrashes(context, jobCase, memoryDirectory(context));
    if (jobCase.inPlace === true) crashes.#mount = loopMount(context, 16);
    await jobCase.prepare(crashes.#sceneIn("base"));
    return crashes;
  }

  /** Dies everywhere on the way, and goes on each time: what comes of it is what comes of a run without a crash. */
  async resumeEverywhere(): Promise<void> {
    const { places, after } = await this.#undisturbed();
    for (const place of places)
      await this.#at(place, async () => {
        await using attempt = await this.#crash(place);
        const wasDone = (await attempt.read()).state === "done";
        const outcome = await attempt.goOn();
        assert.equal(outcome.job.state, "done", JSON.stringify(outcome.job.failure));
        assert.deepEqual(await this.#look(attempt.scene), after);
        assertTidy(attempt.scene, outcome.job, wasDone);
      });
    this.#context.diagnostic(`${places.length} crashes, then resumed: ${namesOf(places)}`);
  }

  /** Dies everywhere on the way, and takes it back each time: no trace is left, or it is refused and then finished. */
  async undoEverywhere(): Promise<void> {
    const { places, after, before } = await this.#undisturbed();
    let refused = 0;
    for (const place of places)
      await this.#at(place, async () => {
        await using attempt = await this.#crash(place);
        const job = await attempt.read();
        if (pointOfNoReturn(job) === undefined) {
          if (job.state !== "queued") await attempt.undo();
          assert.deepEqual(await this.#look(attempt.scene), before);
          return;
        }
        refused += 1;
        const seen = await this.#look(attempt.scene);
        await assert.rejects(attempt.undo(), UndoRefusedError);
        assert.deepEqual(await this.#look(attempt.scene), seen);
        if (job.state !== "done") await attempt.goOn();
        assert.deepEqual(await this.#look(attempt.scene), after);
      });
    this.#context.diagnostic(`${places.length} crashes, then undone, ${refused} of them refused`);
  }

  /** Dies everywhere while it takes a finished job back, and goes on with that each time: no trace is left. */
  async goOnUndoingEverywhere(): Promise<void> {
    const { before } = await this.#undisturbed();
    const dry = await this.#attempt();
    const places: Place[] = [];
    await dry.goOn();
    await recording(places, () => dry.undo());
    await dry[Symbol.asyncDispose]();
    const chosen = this.#choose(places);
    for (const place of chosen)
      await this.#at(place, async () => {
        await using attempt = await this.#attempt();
        await attempt.goOn();
        await attempt.dieAt(place, "undo");
        if ((await attempt.read()).state !== "undone") await attempt.undo();
        assert.deepEqual(await this.#look(attempt.scene), before);
        assert.equal((await attempt.read()).state, "undone");
      });
    this.#context.diagnostic(`${chosen.length} crashes of undo: ${namesOf(chosen)}`);
  }

  async #at(place: Place, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw new Error(`after a crash at ${place.name}, passed ${place.time} times before`, { cause: error });
    }
  }

  async #undisturbed(): Promise<{ readonly places: readonly Place[]; readonly after: Sight; readonly before: Sight }> {
    if (this.#mount !== undefined) emptyMount(this.#mount);
    const before = await this.#look(this.#sceneIn("base"));
    await using attempt = await this.#attempt();
    const places: Place[] = [];
    const outcome = await recording(places, () => attempt.goOn());
    assert.equal(outcome.job.state, "done", JSON.stringify(outcome.job.failure));
    return { places: this.#choose(fewOf(places)), after: await this.#look(attempt.scene), before };
  }

  /** The places to die at, in their order: all that are the job's own, and of those that every job passes alike a few. */
  #choose(places: readonly Place[]): readonly Place[] {
    const { places: count, everyPlaceOfEngine = false } = this.#case;
    if (count !== undefined) return this.#sample(places, count);
    if (everyPlaceOfEngine) return places;
    const isOfEngine = ({ name }: Place): boolean => /^(?:journal|job)\./.test(name);
    const few = new Set(this.#sample(places.filter(isOfEngine), placesOfEngine * testTimes));
    return places.filter((place) => !isOfEngine(place) || few.has(place));
  }

  #sample(places: readonly Place[], count: number): readonly Place[] {
    if (count >= places.length) return places;
    this.#context.diagnostic(`REHOME_TEST_SEED=${testSeed}: ${count} of ${places.length} places`);
    const random = randomNumbers(testSeed);
    const chosen = new Set(places.toSorted(() => random() - 0.5).slice(0, count));
    return places.filter((place) => chosen.has(place));
  }

  #look(scene: Scene): Promise<Sight> {
    return look(scene, this.#case.more);
  }

  /** A scene of its own with a job in it that has not begun. */
  async #attempt(): Promise<Attempt> {
    const name = `scene-${++this.#scenes}`;
    cpSync(join(this.#directory, "base"), join(this.#directory, name), { recursive: true, preserveTimestamps: true });
    const scene = this.#sceneIn(name);
    if (this.#mount !== undefined) emptyMount(this.#mount);
    let id: JobId | undefined;
    // Told to stop before it begins, it is made and paused.
    const options = { paths: scene.paths, signal: AbortSignal.abort(), onJob: (job: JobId) => void (id = job) };
    await assert.rejects(this.#case.run(scene, options), { code: "INTERRUPTED" });
    assert.ok(id !== undefined);
    await this.#case.ready?.();
    return new Attempt(scene, id);
  }

  async #crash(place: Place): Promise<Attempt> {
    const attempt = await this.#attempt();
    await attempt.dieAt(place, "run");
    await this.#case.ready?.();
    return attempt;
  }

  #sceneIn(name: string): Scene {
    const directory = join(this.#directory, name);
    mkdirSync(join(directory, "tree"), { recursive: true });
    const target = this.#mount ?? join(directory, "target");
    return { paths: pathsIn(directory), tree: join(directory, "tree"), target };
  }
}

/** What may become of a job that can be undone. */
export const ways: Readonly<Record<string, (crashes: JobCrashes) => Promise<void>>> = {
  "is resumed": (crashes) => crashes.resumeEverywhere(),
  "is undone": (crashes) => crashes.undoEverywhere(),
  "is undone once it was done": (crashes) => crashes.goOnUndoingEverywhere(),
};

/** A job in a scene, and the engine of those who look after it. */
class Attempt implements AsyncDisposable {
  readonly scene: Scene;
  readonly #id: JobId;
  readonly #engine: Engine;

  constructor(scene: Scene, id: JobId) {
    this.scene = scene;
    this.#id = id;
    this.#engine = openEngine(scene.paths);
  }

  async read(): Promise<JobRecord> {
    const job = await this.#engine.journal.read(this.#id);
    assert.ok(job !== undefined);
    return job;
  }

  /** As `rehome job resume`; a job that is done stays so. */
  async goOn(): Promise<JobOutcome> {
    const job = await this.read();
    if (job.state === "done") return { job, wasInterrupted: false };
    return await runJob(this.#engine, kindOf(job), job.id);
  }

  /** As `rehome job undo`. */
  async undo(): Promise<void> {
    const job = await this.read();
    const outcome = await undoJob(this.#engine, kindOf(job), job);
    assert.equal(outcome.job.state, "undone", JSON.stringify(outcome.job.failure));
  }

  /** Runs or undoes the job in a runner that dies at a place. */
  async dieAt(place: Place, what: "run" | "undo"): Promise<void> {
    const job = await this.read();
    const runner = mortal(this.#engine);
    const times = new Map<string, number>();
    armCrashPoints((name) => {
      const time = times.get(name) ?? 0;
      times.set(name, time + 1);
      if (name === place.name && time === place.time) runner.die();
      if (runner.isDead()) throw new CrashError(name);
    });
    try {
      const kind = kindOf(job);
      await assert.rejects(what === "run" ? runJob(runner.ports, kind, job.id) : undoJob(runner.ports, kind, job));
    } finally {
      armCrashPoints(undefined);
    }
    assert.ok(runner.isDead());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }
}

async function recording<Result>(places: Place[], work: () => Promise<Result>): Promise<Result> {
  const times = new Map<string, number>();
  armCrashPoints((name) => {
    const time = times.get(name) ?? 0;
    times.set(name, time + 1);
    places.push({ name, time });
  });
  try {
    return await work();
  } finally {
    armCrashPoints(undefined);
  }
}

const manyTimes = 12;

/** All places; of one that is passed very often the first, the last and one between. */
function fewOf(places: readonly Place[]): readonly Place[] {
  const counts = Map.groupBy(places, ({ name }) => name);
  return places.filter(({ name, time }) => {
    const count = counts.get(name)?.length ?? 0;
    return count <= manyTimes || [0, Math.floor(count / 2), count - 1].includes(time);
  });
}

function namesOf(places: readonly Place[]): string {
  return [...new Set(places.map(({ name }) => name))].join(", ");
}

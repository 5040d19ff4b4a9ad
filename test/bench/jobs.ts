/** Measures what the job engine costs: `node test/bench/jobs.ts [TREE]`, by default /usr/share. Needs root and room in /dev/shm. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JobId } from "../../src/engine/job.ts";
import { SqliteJournal } from "../../src/engine/journal/sqlite-journal.ts";
import { ProgressMeter } from "../../src/engine/progress/job-progress.ts";
import { publishProgress } from "../../src/engine/progress/publish-progress.ts";
import { jobFiles } from "../../src/host/jobs/job-files.ts";
import type { JobKind } from "../../src/engine/job-kind.ts";
import { createJob } from "../../src/engine/run/create-job.ts";
import { runJob } from "../../src/engine/run/run-job.ts";
import { newJobId, openEngine } from "../../src/library/jobs/engine.ts";
import { capture, captureAsJob } from "../../src/index.ts";
import { pathsIn } from "../support/place.ts";
import { median } from "./measure.ts";

const tree = process.argv[2] ?? "/usr/share";
const work = mkdtempSync("/dev/shm/rehome-bench-");
const program = fileURLToPath(new URL("../../bin/rehome", import.meta.url));
const pairs = 7;
const jobs = 100_000;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  await measureEmptyJob();
  await measureOverhead();
  await measureProgress();
  await measureJournal();
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** What the engine itself takes for a job of one checkpoint that does nothing, on a disk that forgets nothing. */
async function measureEmptyJob(): Promise<void> {
  const place = mkdtempSync(join(homedir(), "rehome-bench-"));
  try {
    await using engine = openEngine(pathsIn(place));
    const checkpoint = { name: "nothing", title: "Do nothing", weight: 1, undo: "none" as const };
    const kind: JobKind = {
      kind: "nothing",
      planVersion: 1,
      checkpoints: () => [{ ...checkpoint, run: () => Promise.resolve(null) }],
      insteadOfUndo: () => "Do nothing.",
    };
    const samples: { readonly wallMs: number; readonly cpuMs: number }[] = [];
    for (let round = 0; round < 101; round++) {
      const [begin, cpu] = [performance.now(), process.cpuUsage()];
      const id = await createJob(engine, kind, { title: "nothing", parameters: null, plan: null }, newJobId);
      await runJob(engine, kind, id);
      const used = process.cpuUsage(cpu);
      samples.push({ wallMs: performance.now() - begin, cpuMs: (used.user + used.system) / 1000 });
    }
    const of = (key: "wallMs" | "cpuMs"): string => median(samples.map((sample) => sample[key])).toFixed(1);
    say(`a job that does nothing: ${of("wallMs")} ms, ${of("cpuMs")} ms of processor time (median of 101)`);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Captures a tree, as a job and as a bare call, each into a store of its own, in turn. */
async function measureOverhead(): Promise<void> {
  const ratios: Record<"wall" | "processor", number[]> = { wall: [], processor: [] };
  const took: number[] = [];
  // What is loaded and compiled once is not what is measured.
  for (const work_ of [capture, captureAsJob]) await timed(work_);
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? [capture, captureAsJob] : [captureAsJob, capture];
    const results = new Map<unknown, { readonly wallMs: number; readonly cpuMs: number }>();
    for (const each of order) results.set(each, await timed(each));
    const [bare, job] = [results.get(capture), results.get(captureAsJob)];
    if (!bare || !job) continue;
    ratios.wall.push(job.wallMs / bare.wallMs);
    ratios.processor.push(job.cpuMs / bare.cpuMs);
    took.push(bare.wallMs);
  }
  const percent = (values: readonly number[]): string => `${((median(values) - 1) * 100).toFixed(1)} %`;
  const spread = ratios.processor.map((ratio) => ((ratio - 1) * 100).toFixed(1)).join(", ");
  say(`capture as a job, over the bare call (${(median(took) / 1000).toFixed(1)} s), median of ${pairs} pairs:`);
  say(`  elapsed ${percent(ratios.wall)}, processor time ${percent(ratios.processor)} (${spread})`);
}

async function timed(work_: typeof capture): Promise<{ readonly wallMs: number; readonly cpuMs: number }> {
  const place = mkdtempSync(join(work, "capture-"));
  const [begin, cpu] = [performance.now(), process.cpuUsage()];
  await work_(`${tree}/`, { paths: pathsIn(place), name: "bench", onProgress: () => undefined });
  const [wallMs, used] = [performance.now() - begin, process.cpuUsage(cpu)];
  rmSync(place, { recursive: true });
  return { wallMs, cpuMs: (used.user + used.system) / 1000 };
}

/** 10,000 updates a second for three seconds, with readers served as a running job does it. */
async function measureProgress(): Promise<void> {
  const id = "0a1b2c3d" as JobId;
  const files = jobFiles(join(work, "progress"));
  let written = 0;
  const counting = {
    ...files,
    publishProgress: (...words: Parameters<typeof files.publishProgress>) => {
      written += 1;
      files.publishProgress(...words);
    },
  };
  const every = (intervalMs: number, act: () => void): Disposable => {
    const timer = setInterval(act, intervalMs);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  };
  const meter = new ProgressMeter(id, [{ weight: 1 }]);
  meter.begin(0, "read");
  const take = (count: number): void => {
    for (let each = 0; each < count; each++)
      meter.take({ version: 1, phase: "reading", bytes: each, totalBytes: count, items: each, totalItems: count });
  };
  take(100_000);
  const begin = performance.now();
  take(1_000_000);
  const eachUs = (performance.now() - begin) / 1000;
  const cpu = process.cpuUsage();
  let updates = 0;
  {
    using _publishing = publishProgress({ clock: { nowMs: Date.now, every }, files: counting }, id, meter);
    const startedMs = performance.now();
    while (performance.now() - startedMs < 3000) {
      const due = Math.floor((performance.now() - startedMs) * 10) - updates;
      take(due);
      updates += due;
      await new Promise((resolve) => void setTimeout(resolve, 5));
    }
  }
  const used = process.cpuUsage(cpu);
  say(`progress: ${eachUs.toFixed(2)} µs for an update; ${updates} in 3 s reached readers as ${written - 1} values`);
  say(`  and took ${((used.user + used.system) / 1000).toFixed(0)} ms of processor time with all else`);
}

async function measureJournal(): Promise<void> {
  const state = join(work, "state");
  mkdirSync(state);
  {
    await using journal = SqliteJournal.open(join(state, "jobs/journal.db"));
    for (let number = 0; number < jobs; number++) {
      const id = number.toString(16).padStart(8, "0") as JobId;
      const parameters = { system: "/", excludes: ["var/cache/**"], paths: { ...pathsIn(join(work, "nowhere")) } };
      const checkpoints = [{ name: "capture", title: "Capture / as an image", weight: 1, undo: "removes" as const }];
      const made = { id, kind: "capture", title: "capture / as host", planVersion: 1, createdAtMs: Date.now() };
      await journal.add({ ...made, parameters, plan: { steps: [] }, checkpoints });
      const owner = { host: "here", pid: 1 };
      await journal.claim(id, { epoch: 0, state: "running", owner, leaseUntilMs: 1, atMs: Date.now() });
      // One in a thousand is left as a dead process leaves it, one in a hundred failed.
      if (number % 1000 === 0) continue;
      await journal.write(id, 1, {
        atMs: Date.now(),
        state: number % 100 === 1 ? "failed" : "done",
        result: { number },
      });
    }
    const time = async (what: string, list: () => Promise<readonly unknown[]>): Promise<void> => {
      const times: number[] = [];
      let found = 0;
      for (let round = 0; round < 9; round++) {
        const begin = performance.now();
        found = (await list()).length;
        times.push(performance.now() - begin);
      }
      say(`journal of ${jobs} jobs, ${what}: ${found} jobs in ${median(times).toFixed(1)} ms`);
    };
    await time("newest 20", () => journal.list({ limit: 20 }));
    await time("all that failed", () => journal.list({ states: ["failed"] }));
    await time("all", () => journal.list({}));
    await time("by the beginning of an id", () => journal.find("0000f"));
  }
  for (const words of [["--version"], ["job", "list"], ["job", "list", "--all", "--json"], ["job", "show", "0000ff"]]) {
    const times = Array.from({ length: 9 }, () => {
      const begin = performance.now();
      spawnSync(program, words, { env: { ...process.env, REHOME_STATE_DIR: state }, maxBuffer: 2 ** 28 });
      return performance.now() - begin;
    });
    say(`rehome ${words.join(" ")}: ${median(times).toFixed(0)} ms (fastest ${Math.min(...times).toFixed(0)})`);
  }
}

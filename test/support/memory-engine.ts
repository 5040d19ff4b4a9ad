import type { Evidence } from "../../src/engine/evidence.ts";
import type { JobId } from "../../src/engine/job.ts";
import { MemoryJournal } from "../../src/engine/journal/memory-journal.ts";
import type { Journal } from "../../src/engine/journal/journal.ts";
import type { Clock, EnginePorts } from "../../src/engine/ports.ts";
import type { JobProgress } from "../../src/engine/progress/job-progress.ts";

/** A clock that stands still until it is told otherwise. */
export class HandClock implements Clock {
  #nowMs = 1_000_000;
  readonly #timers = new Set<{ readonly intervalMs: number; readonly work: () => void; dueMs: number }>();

  readonly nowMs = (): number => this.#nowMs;

  readonly every = (intervalMs: number, work: () => void): Disposable => {
    const timer = { intervalMs, work, dueMs: this.#nowMs + intervalMs };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  };

  /** How many timers run. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Lets time pass, timers in their order; what they begin has run as far as it goes without waiting for more time. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].toSorted((a, b) => a.dueMs - b.dueMs);
      if (next === undefined || next.dueMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.dueMs += next.intervalMs;
      next.work();
      await settle();
    }
    this.#nowMs = untilMs;
    await settle();
  }

  /** Time passes while this process sleeps: no timer runs. */
  sleep(ms: number): void {
    this.#nowMs += ms;
    for (const timer of this.#timers) timer.dueMs = Math.max(timer.dueMs, this.#nowMs);
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => void setImmediate(resolve));
}

/** An engine without a disk: what was written to files is kept for the test to look at. */
export interface MemoryEngine extends EnginePorts {
  readonly clock: HandClock;
  readonly log: string[];
  readonly evidence: Map<JobId, Evidence>;
  readonly published: (JobProgress | undefined)[];
  readonly removed: JobId[];
  readonly tookDown: string[];
}

/** What several engines share: a journal and time, and on one host the kernel's locks. */
export interface Shared {
  readonly journal?: Journal;
  readonly clock?: HandClock;
  readonly host?: string;
  readonly locks?: Set<JobId>;
  readonly pid?: number;
}

/** Makes a {@link MemoryEngine}. */
export function memoryEngine(shared: Shared = {}): MemoryEngine {
  const { journal = new MemoryJournal(), clock = new HandClock(), host = "here", locks = new Set(), pid = 1 } = shared;
  const engine = {
    log: [] as string[],
    evidence: new Map<JobId, Evidence>(),
    published: [] as (JobProgress | undefined)[],
    removed: [] as JobId[],
    tookDown: [] as string[],
  };
  return {
    ...engine,
    journal,
    clock,
    owner: { host, pid },
    versions: { rehome: "1.2.3" },
    keepEndedMs: 30 * 24 * 60 * 60 * 1000,
    takeDown: async (job, { kind, what }) => void engine.tookDown.push(`${job} ${kind} ${what}`),
    locks: {
      tryLock(id) {
        if (locks.has(id)) return undefined;
        locks.add(id);
        return { [Symbol.dispose]: () => void locks.delete(id) };
      },
      isLocked: (id) => locks.has(id),
    },
    files: {
      directoryOf: (id) => `/jobs/${id}`,
      list: () => [],
      remove: (id) => void engine.removed.push(id),
      appendLog: (_id, line) => void engine.log.push(line),
      publishProgress: (_id, progress) => void engine.published.push(progress),
      readProgress: () => engine.published.at(-1),
      writeEvidence: (id, evidence) => void engine.evidence.set(id, evidence),
    },
  };
}

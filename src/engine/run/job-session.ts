import { crashPoint } from "../../core/crash-points.ts";
import { JobBusyError, JobLostError, JobNotFoundError } from "../errors.ts";
import type { JobId, JobRecord, JobRequest, JobState } from "../job.ts";
import type { JobChange } from "../journal/journal.ts";
import type { EnginePorts } from "../ports.ts";

/** How often an owner looks for requests of others; they are promised to reach it within two seconds. */
const pollIntervalMs = 500;
const leaseMs = 30_000;

/** Why a job was told to stop: by a request in the journal, or by its own process (Ctrl-C). */
export class JobStop {
  readonly why: "pause" | "cancel" | "interrupt";

  constructor(why: "pause" | "cancel" | "interrupt") {
    this.why = why;
  }
}

/**
 * A job in the hands of this process: its lock, its epoch, and an ear for requests.
 *
 * Invariants: between `take` and disposal no other process of this host has the job; every write is refused once the job
 * is at another epoch, and `signal` is aborted then.
 */
export class JobSession implements AsyncDisposable {
  readonly id: JobId;
  readonly #ports: EnginePorts;
  readonly #epoch: number;
  /** What was begun to be taken back is taken back whole. */
  readonly #isUndoing: boolean;
  readonly #lock: Disposable;
  readonly #poll: Disposable;
  readonly #stop = new AbortController();
  #polling: Promise<void> | undefined;
  #leaseUntilMs: number;
  #rate: number | null | undefined;
  #keepsLock = false;
  /** What the job was in before. */
  readonly takenFrom: JobState;
  #isOver = false;

  /**
   * Takes a job over.
   *
   * @throws {JobBusyError} If another process has it. @throws {JobNotFoundError} @throws {TransitionError}
   */
  static async take(ports: EnginePorts, id: JobId, state: "running" | "undoing"): Promise<[JobSession, JobRecord]> {
    const { journal, locks, clock, owner } = ports;
    const found = await journal.read(id);
    if (found === undefined) throw new JobNotFoundError(id, []);
    const lock = locks.tryLock(id);
    if (lock === undefined) throw new JobBusyError(id, ownerText(found));
    try {
      // Read under the lock: whoever had it has written his last by now.
      const before = (await journal.read(id)) ?? found;
      const atMs = clock.nowMs();
      // On one host the lock decides; the lease tells of owners whose locks cannot be seen from here.
      if (before.owner && before.owner.host !== owner.host && before.leaseUntilMs > atMs)
        throw new JobBusyError(id, ownerText(before));
      const leaseUntilMs = atMs + leaseMs;
      const job = await journal.claim(id, { epoch: before.epoch, state, owner, leaseUntilMs, atMs });
      if (job === undefined) throw new JobBusyError(id, "another process, which has just taken it,");
      crashPoint("job.claimed");
      return [new JobSession(ports, job, lock, before.state), job];
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(ports: EnginePorts, job: JobRecord, lock: Disposable, takenFrom: JobState) {
    this.id = job.id;
    this.takenFrom = takenFrom;
    this.#ports = ports;
    this.#epoch = job.epoch;
    this.#isUndoing = job.state === "undoing";
    this.#lock = lock;
    this.#leaseUntilMs = job.leaseUntilMs;
    this.#rate = job.request.rateBytesPerSecond;
    this.#poll = ports.clock.every(pollIntervalMs, () => {
      this.#polling ??= this.#listen().finally(() => (this.#polling = undefined));
    });
  }

  /** Aborted with a {@link JobStop}, or with the error that made it impossible to go on. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** The limit that was asked for since the job began to run; undefined is none, null is none on request. */
  get rateBytesPerSecond(): number | null | undefined {
    return this.#rate;
  }

  /** Journals a change; durable on return. @throws {JobLostError} @throws {TransitionError} */
  async write(change: Omit<JobChange, "atMs">): Promise<void> {
    // What was left to itself may come back after the job was given out of hand.
    if (this.#isOver) throw new JobLostError(this.id);
    try {
      await this.#ports.journal.write(this.id, this.#epoch, { ...change, atMs: this.#ports.clock.nowMs() });
    } catch (error) {
      if (error instanceof JobLostError) this.#stop.abort(error);
      throw error;
    }
  }

  /** Does something outside the journal that only the owner may do. @throws {JobLostError} */
  async asOwner(work: () => void): Promise<void> {
    const signals = await this.#ports.journal.signals(this.id);
    if (this.#isOver || signals?.epoch !== this.#epoch) throw new JobLostError(this.id);
    work();
  }

  /** Tells the job to stop from inside this process. */
  stop(reason: JobStop): void {
    this.#stop.abort(reason);
  }

  /** Interrupts the job once `signal` is aborted, as long as what it returns is not disposed of. */
  stopOn(signal: AbortSignal | undefined): Disposable {
    const stop = (): void => this.stop(new JobStop("interrupt"));
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
    return { [Symbol.dispose]: () => signal?.removeEventListener("abort", stop) };
  }

  /** Keeps the lock until this process ends: something of the job may still be at work in it. */
  keepLock(): void {
    this.#keepsLock = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#poll[Symbol.dispose]();
    await this.#polling;
    this.#isOver = true;
    if (!this.#keepsLock) this.#lock[Symbol.dispose]();
  }

  async #listen(): Promise<void> {
    const { journal, clock } = this.#ports;
    try {
      const signals = await journal.signals(this.id);
      if (signals?.epoch !== this.#epoch) throw new JobLostError(this.id);
      await this.#heed(signals.request);
      if (this.#leaseUntilMs - clock.nowMs() < leaseMs / 2) {
        this.#leaseUntilMs = clock.nowMs() + leaseMs;
        await journal.renew(this.id, this.#epoch, this.#leaseUntilMs);
      }
    } catch (error) {
      // Without the journal nothing may be done for the job; what is under way must end.
      this.#stop.abort(error);
    }
  }

  async #heed({ rateBytesPerSecond, stop }: JobRequest): Promise<void> {
    if (rateBytesPerSecond !== this.#rate) {
      this.#rate = rateBytesPerSecond;
      await this.write({ event: { kind: "rate", facts: { rateBytesPerSecond: rateBytesPerSecond ?? null } } });
    }
    if (stop === null || this.#isUndoing || this.#stop.signal.aborted) return;
    if (stop === "pause") await this.write({ state: "pausing" });
    this.#stop.abort(new JobStop(stop));
  }
}

function ownerText({ owner }: JobRecord): string {
  return owner === null ? "another process" : `process ${owner.pid} on ${owner.host}`;
}

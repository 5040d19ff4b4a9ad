import { JobLostError } from "../errors.ts";
import { endedStates, type JobId, type JobRecord, type JobRequest, type JobSummary, type NewJob } from "../job.ts";
import { applyAdd, applyChange, applyClaim, applyRequest, type Applied } from "./apply-change.ts";
import type { Holding, JobChange, JobClaim, JobEvent, JobFilter, JobSignals, Journal } from "./journal.ts";

/** A journal that lives as long as the process; for tests, and as the model of what a journal does. */
export class MemoryJournal implements Journal {
  readonly #jobs = new Map<JobId, JobRecord>();
  readonly #events = new Map<JobId, JobEvent[]>();
  readonly #holdings: (Holding & { readonly job: JobId })[] = [];

  async add(job: NewJob): Promise<boolean> {
    if (this.#jobs.has(job.id)) return false;
    this.#keep(applyAdd(job));
    return true;
  }

  async read(id: JobId): Promise<JobRecord | undefined> {
    return this.#jobs.get(id);
  }

  async find(prefix: string): Promise<readonly JobId[]> {
    return [...this.#jobs.keys()]
      .filter((id) => id.startsWith(prefix))
      .toSorted()
      .slice(0, 10);
  }

  async list({ states, kinds, limit }: JobFilter): Promise<readonly JobSummary[]> {
    return [...this.#jobs.values()]
      .toReversed()
      .filter(({ state, kind }) => (states?.includes(state) ?? true) && (kinds?.includes(kind) ?? true))
      .slice(0, limit)
      .map(summaryOf);
  }

  async claim(id: JobId, claim: JobClaim): Promise<JobRecord | undefined> {
    const job = this.#jobs.get(id);
    if (job?.epoch !== claim.epoch) return undefined;
    return this.#keep(applyClaim(job, claim));
  }

  async write(id: JobId, epoch: number, change: JobChange): Promise<void> {
    this.#keep(applyChange(this.#owned(id, epoch), change));
    if (change.hold) this.#holdings.push({ ...change.hold, job: id });
    const { release } = change;
    if (!release) return;
    const at = this.#holdings.findIndex(
      ({ job, kind, what }) => job === id && kind === release.kind && what === release.what,
    );
    if (at >= 0) this.#holdings.splice(at, 1);
  }

  async renew(id: JobId, epoch: number, leaseUntilMs: number): Promise<void> {
    this.#jobs.set(id, { ...this.#owned(id, epoch), leaseUntilMs });
  }

  async signals(id: JobId): Promise<JobSignals | undefined> {
    const job = this.#jobs.get(id);
    return job && { epoch: job.epoch, request: job.request, leaseUntilMs: job.leaseUntilMs };
  }

  async request(id: JobId, request: Partial<JobRequest>, atMs: number): Promise<boolean> {
    const job = this.#jobs.get(id);
    if (job) this.#keep(applyRequest(job, request, atMs));
    return job !== undefined;
  }

  async events(id: JobId, after: number, limit: number): Promise<readonly JobEvent[]> {
    return (this.#events.get(id) ?? []).filter(({ number }) => number > after).slice(0, limit);
  }

  async holdings(id?: JobId): Promise<readonly (Holding & { readonly job: JobId })[]> {
    return this.#holdings.filter(({ job }) => id === undefined || job === id);
  }

  async forgetEvents(beforeMs: number): Promise<number> {
    let forgotten = 0;
    for (const [id, events] of this.#events) {
      if (this.#jobs.get(id)?.owner) continue;
      const kept = events.filter(({ atMs }) => atMs >= beforeMs);
      forgotten += events.length - kept.length;
      this.#events.set(id, kept);
    }
    return forgotten;
  }

  async forgetJobs(beforeMs: number, limit: number): Promise<readonly JobId[]> {
    const doomed = [...this.#jobs.values()]
      .filter(({ state, changedAtMs }) => endedStates.includes(state) && changedAtMs < beforeMs)
      .filter(({ id }) => !this.#holdings.some(({ job }) => job === id))
      .toSorted((a, b) => a.changedAtMs - b.changedAtMs)
      .slice(0, limit)
      .map(({ id }) => id);
    for (const kept of [this.#jobs, this.#events, this.#numbers]) for (const id of doomed) kept.delete(id);
    return doomed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is open.
  }

  /** @throws {JobLostError} */
  #owned(id: JobId, epoch: number): JobRecord {
    const job = this.#jobs.get(id);
    if (job?.epoch !== epoch) throw new JobLostError(id);
    return job;
  }

  #keep({ job, events }: Applied): JobRecord {
    this.#jobs.set(job.id, job);
    const before = this.#events.get(job.id) ?? [];
    // Numbers go on after events were forgotten.
    const last = this.#numbers.get(job.id) ?? 0;
    const numbered = events.map((event, index) => ({ ...event, number: last + index + 1 }));
    this.#numbers.set(job.id, last + numbered.length);
    this.#events.set(job.id, [...before, ...numbered]);
    return job;
  }

  readonly #numbers = new Map<JobId, number>();
}

function summaryOf({ id, kind, title, state, owner, createdAtMs, changedAtMs }: JobRecord): JobSummary {
  return { id, kind, title, state, owner, createdAtMs, changedAtMs };
}

import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { crashPoint } from "../../core/crash-points.ts";
import { JobLostError, JournalUnsuitableError } from "../errors.ts";
import { endedStates, type JobId, type JobRecord, type JobRequest, type JobSummary, type NewJob } from "../job.ts";
import { applyAdd, applyChange, applyClaim, applyRequest, type Applied } from "./apply-change.ts";
import {
  parse,
  schema,
  schemaVersion,
  summaryColumns,
  summaryOf,
  summaryOfValues,
  type Row,
  type Value,
} from "./journal-rows.ts";
import type { Holding, JobChange, JobClaim, JobEvent, JobFilter, JobSignals, Journal } from "./journal.ts";

const busyTimeoutMs = 30_000;

/** A journal in a file; the one that every process of a host shares. WAL, each write forced to the device before it is done. */
export class SqliteJournal implements Journal {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens the journal at `path`, made with its directory (0700) if it is absent. @throws {JournalUnsuitableError} */
  static open(path: string): SqliteJournal {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Parameters of jobs are nobody else's business; what SQLite puts beside takes the same mode.
    closeSync(openSync(path, "a", 0o600));
    try {
      return new SqliteJournal(path);
    } catch (error) {
      if (error instanceof JournalUnsuitableError) throw error;
      throw new JournalUnsuitableError(path, error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  private constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: busyTimeoutMs });
    try {
      // SQLite itself does not wait for others where it changes how a file is kept.
      whileBusy(() => this.#database.exec("PRAGMA journal_mode = WAL"));
      this.#database.exec("PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY");
      this.#prepareSchema(path);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  async add(job: NewJob): Promise<boolean> {
    return this.#atomically(() => {
      if (this.#row("SELECT 1 FROM job WHERE id = ?", [job.id])) return false;
      const { job: record, events } = applyAdd(job);
      this.#run(
        `INSERT INTO job (id, kind, title, state, host, pid, created_ms, changed_ms, epoch, lease_ms, last_event, request)
         VALUES (?, ?, ?, ?, NULL, NULL, ?, ?, 0, 0, 0, '{}')`,
        [job.id, job.kind, job.title, record.state, job.createdAtMs, job.createdAtMs],
      );
      const parameters = [JSON.stringify(job.parameters), JSON.stringify(job.plan)];
      this.#run("INSERT INTO plan (id, version, parameters, plan) VALUES (?, ?, ?, ?)", [
        job.id,
        job.planVersion,
        ...parameters,
      ]);
      this.#run("INSERT INTO course (id, checkpoints, result, failure) VALUES (?, '', '', '')", [job.id]);
      this.#keep({ job: record, events });
      return true;
    });
  }

  async read(id: JobId): Promise<JobRecord | undefined> {
    return this.#read(id);
  }

  async find(prefix: string): Promise<readonly JobId[]> {
    const rows = this.#rows("SELECT id FROM job WHERE substr(id, 1, ?) = ? ORDER BY id LIMIT 10", [
      prefix.length,
      prefix,
    ]);
    return rows.map(({ id }) => id as JobId);
  }

  async list({ states, kinds, limit }: JobFilter): Promise<readonly JobSummary[]> {
    const conditions = [
      ...(states ? [`state IN (${states.map(() => "?").join()})`] : []),
      ...(kinds ? [`kind IN (${kinds.map(() => "?").join()})`] : []),
    ];
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const query = `SELECT ${summaryColumns} FROM job ${where} ORDER BY sequence DESC LIMIT ?`;
    const statement = this.#statement(query);
    // A quarter of what objects cost.
    statement.setReturnArrays(true);
    const rows = statement.all(...(states ?? []), ...(kinds ?? []), limit ?? -1) as unknown as (readonly Value[])[];
    return rows.map(summaryOfValues);
  }

  async claim(id: JobId, claim: JobClaim): Promise<JobRecord | undefined> {
    return this.#atomically(() => {
      const job = this.#read(id);
      return job?.epoch === claim.epoch ? this.#keep(applyClaim(job, claim)) : undefined;
    });
  }

  async write(id: JobId, epoch: number, change: JobChange): Promise<void> {
    this.#atomically(() => {
      this.#keep(applyChange(this.#owned(id, epoch), change));
      const { hold, release } = change;
      if (hold) this.#run("INSERT INTO holding (id, kind, what) VALUES (?, ?, ?)", [id, hold.kind, hold.what]);
      if (release)
        this.#run(
          "DELETE FROM holding WHERE rowid = (SELECT rowid FROM holding WHERE id = ? AND kind = ? AND what = ? LIMIT 1)",
          [id, release.kind, release.what],
        );
    });
  }

  async renew(id: JobId, epoch: number, leaseUntilMs: number): Promise<void> {
    const { changes } = this.#run("UPDATE job SET lease_ms = ? WHERE id = ? AND epoch = ?", [leaseUntilMs, id, epoch]);
    if (changes === 0) throw new JobLostError(id);
  }

  async signals(id: JobId): Promise<JobSignals | undefined> {
    const row = this.#row("SELECT epoch, request, lease_ms FROM job WHERE id = ?", [id]);
    if (!row) return undefined;
    return {
      epoch: Number(row["epoch"]),
      request: parse<JobRequest>(row["request"]),
      leaseUntilMs: Number(row["lease_ms"]),
    };
  }

  async request(id: JobId, request: Partial<JobRequest>, atMs: number): Promise<boolean> {
    return this.#atomically(() => {
      const job = this.#read(id);
      if (job) this.#keep(applyRequest(job, request, atMs));
      return job !== undefined;
    });
  }

  async events(id: JobId, after: number, limit: number): Promise<readonly JobEvent[]> {
    const query = "SELECT number, at_ms, kind, facts FROM event WHERE id = ? AND number > ? ORDER BY number LIMIT ?";
    return this.#rows(query, [id, after, limit]).map((row) => ({
      number: Number(row["number"]),
      atMs: Number(row["at_ms"]),
      kind: String(row["kind"]),
      facts: parse<JobEvent["facts"]>(row["facts"]),
    }));
  }

  async holdings(id?: JobId): Promise<readonly (Holding & { readonly job: JobId })[]> {
    const rows = this.#rows("SELECT id, kind, what FROM holding WHERE ? IS NULL OR id = ? ORDER BY rowid", [
      id ?? null,
      id ?? null,
    ]);
    return rows.map((row) => ({ job: row["id"] as JobId, kind: String(row["kind"]), what: String(row["what"]) }));
  }

  async forgetEvents(beforeMs: number): Promise<number> {
    const { changes } = this.#run(
      "DELETE FROM event WHERE at_ms < ? AND id IN (SELECT id FROM job WHERE host IS NULL)",
      [beforeMs],
    );
    return Number(changes);
  }

  async forgetJobs(beforeMs: number, limit: number): Promise<readonly JobId[]> {
    return this.#atomically(() => {
      const rows = this.#rows(
        `SELECT id FROM job WHERE changed_ms < ? AND state IN (${endedStates.map(() => "?").join()})
         AND id NOT IN (SELECT id FROM holding) ORDER BY changed_ms LIMIT ?`,
        [beforeMs, ...endedStates, limit],
      );
      const ids = rows.map(({ id }) => id as JobId);
      for (const id of ids)
        for (const table of ["event", "course", "plan", "job"]) this.#run(`DELETE FROM ${table} WHERE id = ?`, [id]);
      return ids;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#statements.clear();
    this.#database.close();
  }

  /** @throws {JournalUnsuitableError} If the file is of another version. */
  #prepareSchema(path: string): void {
    const version = (): number => Number(this.#row("PRAGMA user_version")?.["user_version"]);
    if (version() === schemaVersion) return;
    this.#atomically(() => {
      // Another process may have been quicker.
      const found = version();
      if (found === 0) this.#database.exec(schema);
      else if (found !== schemaVersion)
        throw new JournalUnsuitableError(
          path,
          `it has version ${found}, and this rehome knows version ${schemaVersion}`,
        );
    });
  }

  #read(id: JobId): JobRecord | undefined {
    const row = this.#row(
      `SELECT ${summaryColumns}, epoch, lease_ms, request, version, parameters, plan, checkpoints, result, failure
       FROM job JOIN plan USING (id) JOIN course USING (id) WHERE id = ?`,
      [id],
    );
    if (!row) return undefined;
    return {
      ...summaryOf(row),
      planVersion: Number(row["version"]),
      parameters: parse(row["parameters"]),
      plan: parse(row["plan"]),
      checkpoints: parse(row["checkpoints"]),
      epoch: Number(row["epoch"]),
      leaseUntilMs: Number(row["lease_ms"]),
      request: parse(row["request"]),
      result: parse(row["result"]),
      failure: parse(row["failure"]),
    };
  }

  /** @throws {JobLostError} */
  #owned(id: JobId, epoch: number): JobRecord {
    const job = this.#read(id);
    if (job?.epoch !== epoch) throw new JobLostError(id);
    return job;
  }

  #keep({ job, events }: Applied): JobRecord {
    const { id, state, owner, changedAtMs, epoch, leaseUntilMs, request } = job;
    this.#run(
      "UPDATE job SET state = ?, host = ?, pid = ?, changed_ms = ?, epoch = ?, lease_ms = ?, request = ? WHERE id = ?",
      [state, owner?.host ?? null, owner?.pid ?? null, changedAtMs, epoch, leaseUntilMs, JSON.stringify(request), id],
    );
    const course = [job.checkpoints, job.result, job.failure].map((value) => JSON.stringify(value));
    this.#run("UPDATE course SET checkpoints = ?, result = ?, failure = ? WHERE id = ?", [...course, id]);
    crashPoint("journal.half-written");
    for (const { atMs, kind, facts } of events) {
      this.#run("UPDATE job SET last_event = last_event + 1 WHERE id = ?", [id]);
      this.#run(
        "INSERT INTO event (id, number, at_ms, kind, facts) SELECT id, last_event, ?, ?, ? FROM job WHERE id = ?",
        [atMs, kind, JSON.stringify(facts), id],
      );
    }
    return job;
  }

  #atomically<Result>(work: () => Result): Result {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      crashPoint("journal.commit");
      this.#database.exec("COMMIT");
      crashPoint("journal.committed");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #run(query: string, values: readonly Value[]) {
    return this.#statement(query).run(...values);
  }

  #row(query: string, values: readonly Value[] = []): Row | undefined {
    return this.#statement(query).get(...values) as Row | undefined;
  }

  #rows(query: string, values: readonly Value[]): Row[] {
    return this.#statement(query).all(...values) as Row[];
  }

  #statement(query: string): StatementSync {
    const known = this.#statements.get(query) ?? this.#database.prepare(query);
    this.#statements.set(query, known);
    return known;
  }
}

const busyCode = 5;
const lookEveryMs = 5;

/** Tries again while others have the file. */
function whileBusy(work: () => void): void {
  for (const untilMs = performance.now() + busyTimeoutMs; ;) {
    try {
      work();
      return;
    } catch (error) {
      if ((error as { readonly errcode?: number }).errcode !== busyCode || performance.now() > untilMs) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lookEveryMs);
    }
  }
}

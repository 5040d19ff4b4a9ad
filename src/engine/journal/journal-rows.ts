import type { JobId, JobState, JobSummary } from "../job.ts";

/** Version of {@link schema}; a file of another is refused. */
export const schemaVersion = 1;
/** The tables. Lists read `job` alone, so that plans of any size cost them nothing. */
export const schema: string = `
  CREATE TABLE job (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, title TEXT NOT NULL,
    state TEXT NOT NULL, host TEXT, pid INTEGER, created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL,
    epoch INTEGER NOT NULL, lease_ms INTEGER NOT NULL, last_event INTEGER NOT NULL, request TEXT NOT NULL);
  CREATE INDEX job_state ON job (state, sequence);
  CREATE INDEX job_changed ON job (changed_ms);
  CREATE TABLE plan (id TEXT PRIMARY KEY, version INTEGER NOT NULL, parameters TEXT NOT NULL, plan TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE course (id TEXT PRIMARY KEY, checkpoints TEXT NOT NULL, result TEXT NOT NULL, failure TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE event (id TEXT NOT NULL, number INTEGER NOT NULL, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, facts TEXT NOT NULL,
    PRIMARY KEY (id, number)) WITHOUT ROWID;
  CREATE INDEX event_time ON event (at_ms);
  CREATE TABLE holding (id TEXT NOT NULL, kind TEXT NOT NULL, what TEXT NOT NULL);
  PRAGMA user_version = ${schemaVersion};
`;

/** Columns of the table `job` that lists show. */
export const summaryColumns = "id, kind, title, state, host, pid, created_ms, changed_ms";

/** What SQLite is given and gives. */
export type Value = string | number | null;
/** A row by its columns. */
export type Row = Readonly<Record<string, Value>>;

/** A row of {@link summaryColumns} as a job. */
export function summaryOf(row: Row): JobSummary {
  return summaryOfValues(summaryColumns.split(", ").map((column) => row[column] ?? null));
}

/** The values of {@link summaryColumns}, in their order, as a job: a list of very many makes no object for each row beside. */
export function summaryOfValues(values: readonly Value[]): JobSummary {
  const [id, kind, title, state, host, pid, createdAtMs, changedAtMs] = values;
  return {
    id: id as JobId,
    kind: kind as string,
    title: title as string,
    state: state as JobState,
    owner: host === null ? null : { host: host as string, pid: pid as number },
    createdAtMs: createdAtMs as number,
    changedAtMs: changedAtMs as number,
  };
}

/** Reads a value that the journal wrote as JSON. */
export function parse<Parsed>(text: Value | undefined): Parsed {
  return JSON.parse(String(text)) as Parsed;
}

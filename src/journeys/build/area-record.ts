import type { Json } from "../../engine/job.ts";

/** What makes a checkpoint the one that it is: as long as none of it changes, its result stands. */
export interface CheckpointIdentity {
  readonly name: string;
  /** As the manifest says it. */
  readonly uses: string;
  /** Hashes of the user's modules that it is made of, by path; of a built-in one none. */
  readonly modules: Readonly<Record<string, string>>;
  /** A hash of each argument, variables put in and references as they are written. */
  readonly arguments: Readonly<Record<string, string>>;
  /** Hashes of what it reads from outside the build: local files by path, images by name. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** A checkpoint that was completed, and what the build was after it. */
export interface CompletedCheckpoint {
  readonly identity: CheckpointIdentity;
  /** Id of the kept state of tree and work area. */
  readonly state: string;
  /** The persistent data objects after it, its own and those from before. */
  readonly data: Readonly<Record<string, Json>>;
  readonly endedAtMs: number;
}

/** What lies in a build's place. */
export interface AreaRecord {
  readonly version: 1;
  readonly completed: readonly CompletedCheckpoint[];
  /** How long each checkpoint took the last time, by name. */
  readonly tookMs: Readonly<Record<string, number>>;
}

/** The record of a place where nothing was built. */
export const emptyRecord: AreaRecord = { version: 1, completed: [], tookMs: {} };

/** Whether an object read from a file is a record of this version. */
export function isAreaRecord(value: unknown): value is AreaRecord {
  return typeof value === "object" && value !== null && (value as Partial<AreaRecord>).version === 1;
}

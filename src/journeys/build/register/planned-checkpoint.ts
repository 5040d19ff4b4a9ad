import type { Json, UndoWay } from "../../../engine/job.ts";
import type { CheckpointIdentity } from "../area-record.ts";

/** A checkpoint that was registered, as a build's plan keeps it: another process makes the same one of it. */
export interface PlannedCheckpoint {
  readonly name: string;
  readonly uses: string;
  /** For people. */
  readonly description: string;
  /** What a module that `uses` names is relative to. */
  readonly directory: string;
  /** Variables put in, paths absolute, references as they are written. */
  readonly arguments: Readonly<Record<string, Json>>;
  readonly identity: CheckpointIdentity;
  readonly timeoutMs: number;
  readonly undo: UndoWay;
  /** Names of data objects that its arguments refer to. */
  readonly refersTo: readonly string[];
  /** Names of data objects that it sets for the run alone. */
  readonly providesForRun: readonly string[];
}

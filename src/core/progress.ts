/**
 * How far an operation has come: the latest values, not a history. One versioned shape for terminals, logs and
 * `--progress json`.
 */
export interface Progress {
  readonly version: 1;
  /** What is being done, named even where it is silent: `reading`, `writing`, `syncing`, `checking`, … */
  readonly phase: string;
  readonly bytes: number;
  /** Absent where it is not known. */
  readonly totalBytes?: number;
  readonly items: number;
  readonly totalItems?: number;
  /** What the phase would be waiting for if nothing moved: a program, a worker, a device. */
  readonly waitsFor?: string;
  /** The job and its checkpoint that this is progress of, where it is one. */
  readonly job?: string;
  readonly checkpoint?: string;
  /** Share of the whole job that is done, 0 to 100, weighted by what its checkpoints are expected to take. */
  readonly percent?: number;
  /** Nothing has moved for so long, where that is long enough to tell. */
  readonly stalledMs?: number;
}

/** Takes progress; called often, so it must be quick and must not throw. */
export type OnProgress = (progress: Progress) => void;

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
}

/** Takes progress; called often, so it must be quick and must not throw. */
export type OnProgress = (progress: Progress) => void;

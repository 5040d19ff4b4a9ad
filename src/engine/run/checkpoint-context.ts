import type { OnProgress } from "../../core/progress.ts";
import type { CheckpointContext } from "../job-kind.ts";
import type { JobSession } from "./job-session.ts";
import type { Json } from "../job.ts";
import type { EnginePorts } from "../ports.ts";
import type { ProgressMeter } from "../progress/job-progress.ts";

/** What a checkpoint's context is made of. */
export interface ContextParts {
  readonly ports: EnginePorts;
  readonly session: JobSession;
  readonly index: number;
  readonly cursor: Json;
  readonly results: ReadonlyMap<string, Json>;
  readonly meter: ProgressMeter;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
  /** Disposed of at the end of the run. */
  readonly kept: AsyncDisposableStack;
}

/** Gives a checkpoint the part of the engine that it may use. */
export function makeContext(parts: ContextParts): CheckpointContext {
  const { ports, session, index, cursor, results, meter, onProgress, signal, kept } = parts;
  return {
    job: session.id,
    directory: ports.files.directoryOf(session.id),
    cursor,
    saveCursor: (value) => session.write({ checkpoint: { index, cursor: value } }),
    results,
    onProgress: (progress) => onProgress(meter.take(progress)),
    log: (line) => ports.files.appendLog(session.id, line),
    hold: (hold) => session.write({ hold }),
    release: (release) => session.write({ release }),
    keep: (resource) => void kept.use(resource),
    signal,
    rateBytesPerSecond: () =>
      session.rateBytesPerSecond ?? (session.rateBytesPerSecond === null ? Infinity : undefined),
  };
}

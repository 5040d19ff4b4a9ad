import type { WriteBatch, WriteBatchResult } from "../../system/restore/files/file-batch.ts";
import { WorkerPool } from "../../workers/pool.ts";
import { workerCount } from "./worker-count.ts";

/** The threads that write files. */
export type WriteThreads = WorkerPool<WriteBatch, WriteBatchResult>;

/**
 * Makes the threads that write files; they start with the first request, or by `start`. This file imports next to nothing:
 * who is sure to need them starts them before it loads all that a restore needs, which takes as long.
 */
export function makeWriteThreads(): WriteThreads {
  return new WorkerPool("restore-worker", undefined, workerCount());
}

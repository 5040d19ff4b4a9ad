import { availableParallelism } from "node:os";

/** How many threads an operation uses: one a processor, from 2 to 16. */
export function workerCount(): number {
  return Math.min(16, Math.max(2, availableParallelism()));
}

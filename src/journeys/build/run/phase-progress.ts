import type { OnProgress } from "../../../core/progress.ts";

/** Passes progress on without its totals: a phase that knows its own end does not know the checkpoint's. */
export function withoutTotals(onProgress: OnProgress): OnProgress {
  return ({ totalBytes: _bytes, totalItems: _items, ...progress }) => onProgress(progress);
}

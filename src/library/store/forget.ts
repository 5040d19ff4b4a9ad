import { UsageError } from "../../core/errors.ts";
import { matchesPattern, planForget, type Retention, type RetentionRules } from "../../image/retention/plan-forget.ts";
import { listImageNames } from "../../image/store/image-names.ts";
import type { JobOptions } from "../jobs/run-as-job.ts";
import { removeAsJob } from "../jobs/kinds/images/store-jobs.ts";
import { openStore, type StoreOptions } from "./store.ts";

/** Which images to look at, and which of them to keep. */
export interface ForgetOptions extends StoreOptions, JobOptions {
  readonly rules: RetentionRules;
  /** Decides, and removes nothing. */
  readonly dryRun?: boolean;
}

/**
 * Removes the names of images that no rule keeps; what no name leads to any more goes with the next prune. Returns what became of each
 * image that `patterns` (`NAME`, `NAME:TAG`, with `*` and `?`) mean, and why.
 *
 * @throws {UsageError} If a pattern means nothing, or no rule is given: that would remove everything.
 */
export async function forget(patterns: readonly string[], options: ForgetOptions): Promise<readonly Retention[]> {
  const { rules, dryRun = false } = options;
  if (Object.values(rules).every((value) => value === undefined || value === 0))
    throw new UsageError(
      "cannot forget images: no rule says which of them to keep",
      "Give at least one, such as --keep-last 3. To remove single images use `rehome rm`.",
    );
  const plan = await planned(patterns, options);
  const doomed = plan.flatMap(({ names, reasons }) => (reasons.length === 0 ? names : []));
  if (!dryRun && doomed.length > 0) await removeAsJob(doomed, options);
  return plan;
}

/** @throws {UsageError} */
async function planned(patterns: readonly string[], options: ForgetOptions): Promise<readonly Retention[]> {
  using store = await openStore(options);
  const all = await listImageNames(store.blobs);
  const idle = patterns.find((pattern) => !all.some((name) => matchesPattern(pattern, name)));
  if (idle !== undefined)
    throw new UsageError(
      `cannot forget "${idle}": it means no image of the store`,
      "`rehome images` shows all images.",
    );
  const names = all.filter((name) => patterns.some((pattern) => matchesPattern(pattern, name)));
  return planForget(names, all, options.rules);
}

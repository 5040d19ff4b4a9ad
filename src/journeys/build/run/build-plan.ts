import type { JobRecord } from "../../../engine/job.ts";
import type { PlannedCheckpoint } from "../register/planned-checkpoint.ts";

/** The plan of a build, as its job keeps it. */
export interface BuildPlan {
  /** Absolute path of the manifest. */
  readonly manifest: string;
  readonly name: string;
  /** All checkpoints, those that are not run again too. */
  readonly checkpoints: readonly PlannedCheckpoint[];
  /** The first one that is run, by its place. */
  readonly from: number;
  /** The job is paused before this one. */
  readonly pauseBefore: string | null;
  readonly stopOnError: boolean;
  /** What each checkpoint is expected to take: shares of the whole, by the last run where there was one. */
  readonly expectedMs: readonly number[];
}

/** The plan of a job that is a build; its plan version vouches for it. */
export function planOf({ plan }: Pick<JobRecord, "plan">): BuildPlan {
  return plan as unknown as BuildPlan;
}

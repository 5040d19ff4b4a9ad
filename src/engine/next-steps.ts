import type { ShownState } from "./job.ts";

/** What may be done with a job: the names of `rehome job` commands. */
export type NextStep = "pause" | "resume" | "cancel" | "undo" | "rate";

const steps: { readonly [State in ShownState]: readonly NextStep[] } = {
  queued: ["resume", "cancel"],
  running: ["pause", "cancel", "rate"],
  pausing: ["cancel", "rate"],
  paused: ["resume", "undo", "cancel"],
  interrupted: ["resume", "undo", "cancel"],
  failed: ["resume", "undo", "cancel"],
  cancelled: ["undo"],
  undoing: [],
  undone: [],
  done: ["undo"],
};

/**
 * What can be done next with a job, the likeliest first.
 *
 * @param job `isUndoing`: it was taken back when its owner died. `canUndo`: it is before its point of no return.
 */
export function chooseNextSteps(
  state: ShownState,
  {
    isUndoing,
    canUndo,
    hasRate,
  }: { readonly isUndoing: boolean; readonly canUndo: boolean; readonly hasRate: boolean },
): readonly NextStep[] {
  // An undo that was cut off can only be ended.
  if (state === "interrupted" && isUndoing) return ["resume"];
  return steps[state].filter((step) => (step !== "undo" || canUndo) && (step !== "rate" || hasRate));
}

import type { AreaRecord, CheckpointIdentity } from "./area-record.ts";
import type { PlannedCheckpoint } from "./register/planned-checkpoint.ts";

/** Whether a build can begin at a checkpoint. */
export type Resumability = { readonly canResume: true } | { readonly canResume: false; readonly why: string };

/**
 * Decides for each checkpoint whether a build can begin there: all before it must have been completed as they are now,
 * and their state must exist.
 */
export function planResume(
  checkpoints: readonly Pick<PlannedCheckpoint, "name" | "identity" | "refersTo" | "providesForRun">[],
  record: AreaRecord,
  states: ReadonlySet<string>,
): readonly Resumability[] {
  let blocked: string | undefined;
  return checkpoints.map((checkpoint, index): Resumability => {
    const previous = checkpoints[index - 1];
    const state = record.completed[index - 1]?.state;
    if (previous !== undefined) blocked ??= whyChanged(previous, record, index - 1);
    const lost =
      blocked !== undefined || previous === undefined || (state !== undefined && states.has(state))
        ? undefined
        : `the state after "${previous.name}" is gone`;
    const needed = neededOfRun(checkpoints, index);
    const why = blocked ?? lost ?? needed;
    return why === undefined ? { canResume: true } : { canResume: false, why };
  });
}

function whyChanged(
  { name, identity }: Pick<PlannedCheckpoint, "name" | "identity">,
  record: AreaRecord,
  index: number,
): string | undefined {
  const before = record.completed[index]?.identity;
  if (before === undefined) return `"${name}" has not been completed`;
  const change = describeChange(before, identity);
  return change === undefined ? undefined : `"${name}" is not what it was: ${change}`;
}

/** What differs between a checkpoint as it ran and as it is now; undefined if nothing does. */
export function describeChange(before: CheckpointIdentity, now: CheckpointIdentity): string | undefined {
  if (before.name !== now.name) return `"${before.name}" ran in its place`;
  if (before.uses !== now.uses) return `it used ${before.uses}, and uses ${now.uses} now`;
  const module = firstDifference(before.modules, now.modules);
  if (module !== undefined) return `the module "${module}" has changed`;
  const argument = firstDifference(before.arguments, now.arguments);
  if (argument !== undefined) return `its argument "${argument}" has changed`;
  const input = firstDifference(before.inputs, now.inputs);
  return input === undefined ? undefined : `the content of "${input}" has changed`;
}

function firstDifference(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string | undefined {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].find((key) => before[key] !== now[key]);
}

/** Why the checkpoints from `index` on need an object of the run that set it. */
function neededOfRun(
  checkpoints: readonly Pick<PlannedCheckpoint, "name" | "refersTo" | "providesForRun">[],
  index: number,
): string | undefined {
  const ofRun = new Map(
    checkpoints.slice(0, index).flatMap(({ name, providesForRun }) => providesForRun.map((object) => [object, name])),
  );
  for (const { name, refersTo } of checkpoints.slice(index))
    for (const object of refersTo) {
      const provider = ofRun.get(object);
      if (provider !== undefined)
        return `"${name}" needs the object "${object}", which lives only as long as the run in which "${provider}" makes it`;
    }
  return undefined;
}

/** The name of the last checkpoint that a build can begin at; the first can always. */
export function lastResumable(
  checkpoints: readonly Pick<PlannedCheckpoint, "name">[],
  resumable: readonly Resumability[],
): string {
  return checkpoints[resumable.findLastIndex(({ canResume }) => canResume)]?.name ?? "";
}

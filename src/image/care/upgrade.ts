import { FormatUnknownError } from "../errors.ts";

/**
 * What brings a store from one version of the format to a later one. There was one version so far, and so nothing that does it: the first
 * step brings a job that runs it.
 */
export interface UpgradeStep {
  readonly from: number;
  readonly to: number;
  /** What it changes, for people. */
  readonly summary: string;
}

/** The version of new stores. */
export const newestFormat = 1;

/** One step for each version that came before {@link newestFormat}. */
const upgradeSteps: readonly UpgradeStep[] = [];

/**
 * The steps from a version to the newest. A store of any version for which there are such steps can be read as it is, too.
 *
 * @throws {FormatUnknownError} If the version is later, or none that ever was.
 */
export function planUpgrade(
  found: number,
  steps: readonly UpgradeStep[] = upgradeSteps,
  newest: number = newestFormat,
): readonly UpgradeStep[] {
  if (found === newest) return [];
  const step = steps.find(({ from }) => from === found);
  if (step === undefined) throw new FormatUnknownError("store.json", String(found), newest);
  return [step, ...planUpgrade(step.to, steps, newest)];
}

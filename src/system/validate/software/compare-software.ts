import type { Inventory, Patch } from "../../../core/inventory/inventory.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { PackageFinding, PatchFinding, ValidationReport } from "../report.ts";
import { chooseChecked } from "./choose-checked.ts";
import { comparePackages, type NeededPackage } from "./compare-packages.ts";
import { comparePatches } from "./compare-patches.ts";
import { packageRules, type ValidationRules } from "./rules.ts";

/** Software of the source host that a machine needs: what the rule picked there. */
export interface NeededSoftware {
  readonly packages: readonly NeededPackage[];
  readonly livePatches: readonly Patch[];
}

/** What the comparison found, and how much was compared. */
export type ComparedSoftware = Pick<ValidationReport, "checkedPackages"> & {
  readonly findings: readonly (PackageFinding | PatchFinding)[];
};

/** What of an inventory a machine that inherits `inheritedDirectories` needs. */
export function chooseNeeded(
  inventory: Inventory,
  inheritedDirectories: readonly TreePath[],
  rules: ValidationRules,
): NeededSoftware {
  const packages = chooseChecked(inventory, inheritedDirectories, packageRules(rules)).map(
    ({ manager, name, version, architecture, patches }) => ({ manager, name, version, architecture, patches }),
  );
  return { packages, livePatches: inventory.livePatches };
}

/** Compares what a machine needs with what is installed here; `rules` are those of this host. */
export function compareSoftware(
  needed: NeededSoftware,
  local: Inventory,
  inheritedDirectories: readonly TreePath[],
  rules: ValidationRules,
): ComparedSoftware {
  const decided = packageRules(rules);
  const checked = chooseChecked(local, inheritedDirectories, decided);
  const compared = { needed: needed.packages, installed: local.packages, checked };
  const livePatches = { needed: needed.livePatches, here: local.livePatches };
  return {
    checkedPackages: { source: needed.packages.length, local: checked.length },
    findings: [...comparePackages(compared, decided), ...comparePatches(compared, livePatches, decided)],
  };
}

import type { InstalledPackage, Inventory } from "../../../core/inventory/inventory.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import { isAtOrBelow } from "../../../core/tree/walk-order.ts";
import type { PackageRules } from "./rules.ts";

/**
 * The packages of a host that a machine's fate depends on: those that are for this host alone never; those that are for
 * all machines always; others if a file they deliver lies in a directory that the machine inherits. A machine that
 * inherits nothing skips the last question.
 */
export function chooseChecked(
  inventory: Pick<Inventory, "packages">,
  inheritedDirectories: readonly TreePath[],
  rules: PackageRules,
): InstalledPackage[] {
  return inventory.packages.filter((installed) => {
    const scope = rules.scopeOf(installed);
    if (scope === "this-host") return false;
    if (scope === "all-machines") return true;
    return installed.files.some((file) => inheritedDirectories.some((directory) => isAtOrBelow(file, directory)));
  });
}

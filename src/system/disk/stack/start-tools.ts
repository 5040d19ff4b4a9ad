import type { TreePath } from "../../../core/tree/byte-string.ts";
import { BootLoaderError } from "../boot/errors.ts";
import type { TreeFiles } from "../build/ports.ts";
import { contentOf, holdersOf, type DiskPlan } from "../plan/disk-plan.ts";

const hooks = "usr/share/initramfs-tools/hooks";

/**
 * Refuses a tree whose initramfs could not put the arrays, groups and encryption of a plan together. Only those of initramfs-tools are
 * known to do it.
 *
 * @throws {BootLoaderError} With the package that is missing.
 */
export function requireStartTools(plan: DiskPlan, tree: Pick<TreeFiles, "stat">): void {
  const hasLuks = holdersOf(plan).some((holder) => contentOf(holder).kind === "luks");
  const needed = [
    { isNeeded: plan.groups.length > 0, what: "LVM", hook: "lvm2", name: "lvm2" },
    { isNeeded: plan.arrays.length > 0, what: "software RAID", hook: "mdadm", name: "mdadm" },
    { isNeeded: hasLuks, what: "LUKS", hook: "cryptroot", name: "cryptsetup-initramfs" },
  ];
  for (const { isNeeded, what, hook, name } of needed) {
    if (!isNeeded || tree.stat(`${hooks}/${hook}` as TreePath)?.kind === "file") continue;
    throw new BootLoaderError(
      `the initramfs of the system cannot start from ${what}: there is no "/${hooks}/${hook}"`,
      `Install ${name} in the system, or leave ${what} out of the layout; it is known to start by initramfs-tools alone.`,
    );
  }
}

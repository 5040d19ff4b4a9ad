import type { Change, Operation, PartitionPlace } from "../operation.ts";
import { nothing } from "../operation.ts";
import { currentHostname } from "../identity/hostname.ts";

/**
 * What the firmware of this host has to know to start the system: an entry in its variables, or the active flag of a partition. Asked
 * for only: it is about this host, not about the tree. Firmware that refuses is a warning, as the removable path is there.
 */
export const bootEntry: Operation<"boot-entry"> = {
  name: "boot-entry",
  summary: "what the firmware of this host starts (only with --boot-entry)",
  policies: ["keep", "reset"],
  examine(tree, { bootPlace, hostname }) {
    if (bootPlace === undefined) return nothing;
    const { firmware, loader, esp, partition, table, entries } = bootPlace;
    if (firmware === "uefi" && esp !== undefined) {
      const label = `rehome ${hostname ?? currentHostname(tree) ?? "system"}`;
      return { changes: entries.includes(label) ? [] : [newEntry(loader, esp, label)] };
    }
    if (firmware === "uefi") return { changes: [], remarks: ["no EFI system partition is mounted in the tree"] };
    if (table === "dos") return { changes: [activate(partition)] };
    return { changes: [], remarks: ["firmware of the BIOS kind needs no flag on this disk, which has no MBR table"] };
  },
};

function newEntry(loader: string, { disk, number }: PartitionPlace, label: string): Change {
  const where = ["--disk", disk, "--part", String(number)];
  const argv = ["efibootmgr", "--quiet", "--create", ...where, "--label", label, "--loader", `\\EFI\\BOOT\\${loader}`];
  return { kind: "host", argv, what: `a boot entry "${label}" in the firmware` };
}

function activate({ disk, number }: PartitionPlace): Change {
  return {
    kind: "host",
    argv: ["sfdisk", "--quiet", "--activate", disk, String(number)],
    what: `partition ${number} of ${disk} is active`,
  };
}

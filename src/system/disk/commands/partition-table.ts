import type { PlannedDisk, PlannedPartition } from "../plan/disk-plan.ts";
import type { ToolCommand } from "./tool-command.ts";

/** Writes the table of `disk` to the file or device `path`; signatures of what was there are wiped. */
export function partitionCommand(disk: PlannedDisk, path: string): ToolCommand {
  return {
    command: "sfdisk",
    args: ["--quiet", "--wipe", "always", "--wipe-partitions", "always", "--no-reread", "--no-tell-kernel", path],
    input: formatTable(disk),
  };
}

/** The table as sfdisk(8) reads it. */
export function formatTable(disk: PlannedDisk): string {
  const header =
    disk.table === "gpt"
      ? ["label: gpt", `label-id: ${disk.id.toUpperCase()}`]
      : ["label: dos", `label-id: 0x${disk.id}`];
  return [...header, "unit: sectors", "", ...disk.partitions.map((part) => formatRow(part, disk.table)), ""].join("\n");
}

function formatRow(partition: PlannedPartition, table: "gpt" | "mbr"): string {
  const { number, startSector, sectorCount, typeCode, partitionUuid, name, isActive } = partition;
  const fields = [
    `start=${startSector}`,
    `size=${sectorCount}`,
    `type=${typeCode}`,
    ...(table === "gpt" ? [`uuid=${partitionUuid.toUpperCase()}`] : []),
    // A quote or control character cannot be here: the layout's reader lets none in.
    ...(name === undefined ? [] : [`name="${name}"`]),
    ...(isActive ? ["bootable"] : []),
  ];
  return `${number} : ${fields.join(", ")}`;
}

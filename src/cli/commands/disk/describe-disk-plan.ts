import type { DiskPlan, PlannedContent, PlannedDisk, PlannedPartition } from "../../../system/disk/plan/disk-plan.ts";
import { formatBytes } from "../../render/quantities.ts";
import { formatTable, type Column } from "../../render/table.ts";

/** The tables of all disks of a plan, each with its partitions in the order of the disk. */
export function describePlan({ disks, sectorBytes }: DiskPlan, width: number): string[] {
  return disks.flatMap((disk, index) => [
    ...(index > 0 ? [""] : []),
    headingOf(disk),
    ...formatTable(columnsFor(sectorBytes), disk.partitions, width),
  ]);
}

function headingOf({ name, sizeBytes, table, id }: PlannedDisk): string {
  return `${name}: ${formatBytes(sizeBytes)}, ${table === "gpt" ? "GPT" : "MBR"} ${id}`;
}

function columnsFor(sectorBytes: number): readonly Column<PlannedPartition>[] {
  return [
    { title: "NO", cell: ({ number }) => String(number), align: "right" },
    {
      title: "START",
      cell: ({ startSector }) => formatBytes(startSector * sectorBytes),
      align: "right",
      dispensable: 1,
    },
    { title: "SIZE", cell: ({ sectorCount }) => formatBytes(sectorCount * sectorBytes), align: "right" },
    { title: "TYPE", cell: typeOf, cuttable: true },
    { title: "HOLDS", cell: ({ content }) => holdsOf(content), cuttable: true },
    { title: "MOUNTED", cell: ({ content }) => (content.kind === "file-system" ? (content.mountPoint ?? "") : "") },
    { title: "UUID", cell: ({ content }) => ("uuid" in content ? content.uuid : ""), dispensable: 0 },
  ];
}

function typeOf({ type, isLogical, isActive }: PlannedPartition): string {
  return [type, isLogical ? "logical" : "", isActive ? "active" : ""].filter((word) => word !== "").join(", ");
}

function holdsOf(content: PlannedContent): string {
  switch (content.kind) {
    case "file-system":
      return content.label === undefined ? content.type : `${content.type} "${content.label}"`;
    case "raw":
      return `stream ${content.stream}`;
    case "swap":
      return "swap";
    case "none":
      return "";
  }
}

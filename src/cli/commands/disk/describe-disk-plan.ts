import {
  contentOf,
  holdersOf,
  type DiskPlan,
  type PlannedContent,
  type PlannedDisk,
  type PlannedHolder,
  type PlannedPartition,
} from "../../../system/disk/plan/disk-plan.ts";
import { formatBytes } from "../../render/quantities.ts";
import { formatTable, type Column } from "../../render/table.ts";

/** The tables of all disks of a plan, each with its partitions in the order of the disk; then its arrays and volumes. */
export function describePlan(plan: DiskPlan, width: number): string[] {
  const { disks, sectorBytes } = plan;
  const mapped = holdersOf(plan).filter(({ kind }) => kind !== "partition");
  return [
    ...disks.flatMap((disk, index) => [
      ...(index > 0 ? [""] : []),
      headingOf(disk),
      ...formatTable(columnsFor(sectorBytes), disk.partitions, width),
    ]),
    ...(mapped.length === 0 ? [] : ["", ...formatTable(mappedColumns, mapped, width)]),
  ];
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
    { title: "MOUNTED", cell: ({ content }) => mountPointOf(content) },
    { title: "UUID", cell: ({ content }) => uuidOf(content), dispensable: 0 },
  ];
}

const mappedColumns: readonly Column<PlannedHolder>[] = [
  { title: "NAME", cell: nameOf },
  { title: "SIZE", cell: (holder) => formatBytes(mappedSizeOf(holder)), align: "right" },
  { title: "HOLDS", cell: (holder) => holdsOf(contentOf(holder)), cuttable: true },
  { title: "MOUNTED", cell: (holder) => mountPointOf(contentOf(holder)) },
  { title: "UUID", cell: (holder) => uuidOf(contentOf(holder)), dispensable: 0 },
];

function nameOf(holder: PlannedHolder): string {
  if (holder.kind === "array") return `${holder.array.level} ${holder.array.name}`;
  return holder.kind === "volume" ? `${holder.group.name}/${holder.volume.name}` : "";
}

function mappedSizeOf(holder: PlannedHolder): number {
  if (holder.kind === "array") return holder.array.sizeBytes;
  return holder.kind === "volume" ? holder.volume.sizeBytes : 0;
}

function mountPointOf(content: PlannedContent): string {
  if (content.kind === "luks") return mountPointOf(content.inside);
  return content.kind === "file-system" ? (content.mountPoint ?? "") : "";
}

/** Of what is mounted: that of a LUKS is one more, which nobody asks for. */
function uuidOf(content: PlannedContent): string {
  if (content.kind === "luks") return uuidOf(content.inside);
  return "uuid" in content ? content.uuid : "";
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
    case "array":
      return `array ${content.array}`;
    case "group":
      return `group ${content.group}`;
    case "luks":
      return `LUKS ${content.name}: ${holdsOf(content.inside)}`;
    case "none":
      return "";
  }
}

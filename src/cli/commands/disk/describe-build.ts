import type { DiskOperation, PlannedDiskBuild } from "../../../library/disk/plan-build.ts";
import { formatTable, type Column } from "../../render/table.ts";
import { describePlan } from "./describe-disk-plan.ts";

const columns: readonly Column<DiskOperation>[] = [
  { title: "OPERATION", cell: ({ name }) => name },
  { title: "DOES", cell: ({ summary }) => summary, cuttable: true },
  {
    title: "HERE",
    cell: ({ whyLeftOut }) => (whyLeftOut === undefined ? "where there is something" : `left out: ${whyLeftOut}`),
    cuttable: true,
  },
];

/** What a build would write where, and what it would do to the system. */
export function describeBuild(
  { image, plan, targets, firmware, operations }: PlannedDiskBuild,
  width: number,
): string[] {
  return [
    `${image.name}:${image.tag}, to start with ${firmware.join(" and ")}`,
    ...targets.map(({ disk, path }) => `${disk} is written to ${path}`),
    "",
    ...describePlan(plan, width),
    "",
    ...formatTable(columns, operations, width),
  ];
}

/** Which devices lose what they hold, and when; no line where only files are written. */
export function pointOfNoReturnOf({ targets }: PlannedDiskBuild): string[] {
  const devices = targets.filter(({ kind }) => kind === "device").map(({ path }) => path);
  if (devices.length === 0) return [];
  return [
    "",
    `point of no return: "partition", the first step; what ${devices.join(", ")} held cannot be brought back`,
  ];
}

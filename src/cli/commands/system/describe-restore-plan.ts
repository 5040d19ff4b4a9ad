import type { PlannedRestore } from "../../../library/restore/restore.ts";
import type { RestorePlan, RestoreStep } from "../../../system/restore/plan.ts";
import type { RestoreCall } from "../../definition/index.ts";
import { countOf } from "../../render/quantities.ts";
import { formatDifference } from "../difference.ts";
import { formatSecret } from "../secrets.ts";

const modes: Readonly<Record<RestorePlan["mode"], string>> = {
  staged: "beside it first, renamed at the end",
  "in-place": "in place, since it is a mount point",
  converge: "by changing what differs",
};

/** What a restore would do, in lines for people. */
export function describeRestorePlan(
  { plan, leftOut, differences }: PlannedRestore,
  call: Pick<RestoreCall, "image" | "delete" | "noBackup">,
): string[] {
  const changing = differences.filter(({ change }) => change !== "added" || call.delete);
  return [
    `would restore ${call.image} to ${plan.target}, ${modes[plan.mode]}`,
    ...(plan.resumes ? [`would go on with an unfinished restore in ${plan.resumes.stage}`] : []),
    ...(plan.mode === "converge"
      ? [`would change ${countOf(changing.length, "entry", "entries")} of the directory:`]
      : []),
    ...changing.map((difference) => `  ${formatDifference(difference)}`),
    ...(leftOut.length > 0 ? ["would find no content in the image for:"] : []),
    ...leftOut.map((file) => `  ${formatSecret(file)}`),
    `${countOf(plan.steps.length, "step")}:`,
    ...plan.steps.map((step) => `  ${describeStep(step)}`),
    ...(plan.mode === "converge" && (call.delete || call.noBackup)
      ? ["`rehome job undo` could not take it back: its first step is the point of no return"]
      : []),
  ];
}

function describeStep(step: RestoreStep): string {
  switch (step.kind) {
    case "stage":
      return `make ${step.directory}`;
    case "compare":
      return "compare the directory with the image";
    case "back-up":
      return "capture the directory as it is";
    case "write-tree":
      return "write the tree";
    case "delete-extra":
      return "remove what the image does not have";
    case "sync":
      return "write out what the kernel holds back";
    case "verify":
      return "read everything back and compare it";
    case "prepare":
      return `read it back, then make it the system ${step.hostname}: a new identity (machine-id, SSH host keys, …) and hostname`;
    case "tidy-up":
      return "remove what the restore needed on the way";
    case "publish":
      return `rename ${step.from} to ${step.to}`;
  }
}

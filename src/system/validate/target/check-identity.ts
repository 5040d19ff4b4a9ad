import type { Complaint } from "./host-check.ts";
import type { MachineNeeds, TargetFacts } from "./target-facts.ts";

/** A name and a UUID stand for one machine, and a machine lives once. Force never skips these. */
export function checkIdentity({ name, uuid }: MachineNeeds, { machines, liveCopies }: TargetFacts): Complaint[] {
  const complaints: Complaint[] = [];
  if (machines.some((machine) => machine.name === name))
    complaints.push({
      check: "name",
      message: `a machine called ${name} is here already`,
      mend: `rehome machine rename ${name} OTHER, or create this one under another name`,
    });
  const same = machines.find((machine) => machine.uuid === uuid);
  if (same !== undefined)
    complaints.push({
      check: "uuid",
      message: `${same.name} has the same UUID ${uuid}`,
      mend: `if ${same.name} is a copy: rehome machine remove ${same.name}`,
    });
  for (const { where } of liveCopies.filter((copy) => copy.uuid === uuid))
    complaints.push({
      check: "live-copy",
      message: `the machine is known to live at ${where}`,
      mend: `detach it there; if that host is lost for good: rehome machine reclaim ${name} --target-is-lost`,
    });
  return complaints;
}

import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { inspectHost, type DoctorRow } from "../../../host/doctor.ts";
import type { CommandContext } from "../../command-context.ts";
import type { DoctorCall } from "../../definition/index.ts";
import { formatTable, type Column } from "../../render/table.ts";

const columns: readonly Column<DoctorRow>[] = [
  { title: "CAPABILITY", cell: ({ capability }) => capability },
  { title: "HERE", cell: ({ status }) => status },
  { title: "VERSION", cell: ({ version }) => version ?? "", dispensable: 1 },
  { title: "NEEDED FOR", cell: ({ neededFor }) => neededFor, cuttable: true },
  { title: "FOUND", cell: ({ detail }) => detail, cuttable: true },
];

/** `rehome doctor`. */
export async function runDoctor(_call: DoctorCall, { common, output }: CommandContext): Promise<ExitStatus> {
  const report = await inspectHost();
  if (common.json) {
    output.document(report);
    return exitStatus.done;
  }
  output.lines(formatTable(columns, report.rows, output.width));
  const packages = [
    ...new Set(report.rows.flatMap(({ status, install }) => (status !== "yes" && install ? [install] : []))),
  ];
  output.line("");
  if (packages.length === 0) output.line("Nothing is left to install.");
  else output.lines(["To install the rest on Debian:", `  apt-get install ${packages.join(" ")}`]);
  return exitStatus.done;
}

import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { makeReport } from "../../../library/report/make-report.ts";
import type { CommandContext } from "../../command-context.ts";
import type { ReportCall } from "../../definition/index.ts";
import { countOf, formatBytes } from "../../render/quantities.ts";
import { safeText } from "../../render/safe-text.ts";

/** `rehome report`. */
export async function runReport(call: ReportCall, { common, output }: CommandContext): Promise<ExitStatus> {
  const report = await makeReport({ ...(call.output !== undefined && { output: call.output }) });
  if (common.json) {
    output.document({ ...report, restorable: false });
    return exitStatus.done;
  }
  output.lines([
    safeText(report.path),
    `${countOf(report.files.length, "file")}, ${formatBytes(report.sizeBytes)}`,
    ...report.missing.map(({ path, reason }) => `left out ${safeText(path)}: ${safeText(reason)}`),
    "what looked like a secret was left out; read it before you send it to anybody",
    "this is no backup: it holds no data of any system and cannot be restored",
  ]);
  return exitStatus.done;
}

import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { attachAsJob, planAttach } from "../../../library/jobs/kinds/attach-job.ts";
import { namesManifest } from "../../../library/machines/find-manifest.ts";
import { renderReport } from "../../../system/validate/index.ts";
import type { CommandContext } from "../../command-context.ts";
import type { MachineAttachCall } from "../../definition/index.ts";

/** `rehome machine attach`. */
export async function runMachineAttach(call: MachineAttachCall, context: CommandContext): Promise<ExitStatus> {
  const { output, messages, common } = context;
  if (call.dryRun && call.force)
    throw new UsageError("cannot use -F with -n: the one skips what the other asks for", "Leave one of them out.");
  if (!call.dryRun && namesManifest(call.machine))
    throw new UsageError(
      `cannot attach "${call.machine}": it is a manifest, and the name of a machine is needed`,
      `With -n it is validated; rehome machine create NAME --from configures a machine from it.`,
    );
  const options = {
    force: call.force,
    allow: call.allow,
    ...(call.hostRoot !== undefined && { hostRoot: call.hostRoot }),
    signal: context.interruptible("the attaching"),
    warn: (message: string) => messages.warn(`rehome: warning: ${message}`),
  };
  const { report, manifest, isAttached } = call.dryRun
    ? await planAttach(call.machine, options)
    : await attachAsJob(call.machine, { ...options, onJob: context.onJob });
  if (manifest.isRebuilt)
    messages.warn("rehome: warning: the machine was never detached; its manifest is made from its own tree");
  if (common.json) output.document({ ...report, isRebuilt: manifest.isRebuilt, isAttached });
  else if (report.findings.length > 0) output.lines(renderReport(report));
  else output.line(isAttached ? `${report.machine} is attached` : `${report.machine} can be attached here`);
  return report.findings.length > 0 ? exitStatus.refused : exitStatus.done;
}

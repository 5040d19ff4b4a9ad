import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { createMachineAsJob, planCreateMachine } from "../../../library/jobs/kinds/create-machine-job.ts";
import { renderReport } from "../../../system/validate/index.ts";
import type { CommandContext } from "../../command-context.ts";
import type { MachineCreateCall } from "../../definition/index.ts";

/** `rehome machine create`. */
export async function runMachineCreate(call: MachineCreateCall, context: CommandContext): Promise<ExitStatus> {
  const { output, common } = context;
  if (call.from === undefined)
    throw new UsageError(
      `cannot create ${call.name}: --from is missing`,
      "Name the directory of a detached machine, or its manifest.",
    );
  const options = {
    from: call.from,
    changes: call.set,
    allow: call.allow,
    signal: context.interruptible("the creation"),
  };
  const created =
    call.show || call.dryRun
      ? { ...(await planCreateMachine(call.name, options)), isCreated: false }
      : await createMachineAsJob(call.name, { ...options, onJob: context.onJob });
  const { manifest, settings, findings, isCreated } = created;
  const { name, uuid, epoch } = manifest.machine;
  if (common.json) output.document({ name, uuid, epoch, isCreated, settings, findings });
  else {
    if (call.show) output.lines(settings.trimEnd().split("\n"));
    output.lines(renderReport({ findings }));
    if (isCreated) output.lines([`${name} is configured`, `rehome machine attach ${name}, once its files are here`]);
  }
  return findings.length > 0 ? exitStatus.refused : exitStatus.done;
}

import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { writeUnitFile } from "../../../journeys/machine/settings/unit-file.ts";
import {
  cloneMachineAsJob,
  planCloneMachine,
  type PlannedClone,
} from "../../../library/jobs/kinds/machines/create/clone-machine-job.ts";
import type { CommandContext } from "../../command-context.ts";
import type { MachineCloneCall } from "../../definition/index.ts";

const consistencyMeaning: Readonly<Record<PlannedClone["consistency"], string>> = {
  fuzzy: "of different moments: it ran, and was copied file by file",
  crash: "of one instant, as after a power failure: it ran",
  filesystem: "of one moment, all written: it was halted",
  application: "of one moment, its programs at rest",
};

/** `rehome machine clone`. */
export async function runMachineClone(call: MachineCloneCall, context: CommandContext): Promise<ExitStatus> {
  const { output, messages, common } = context;
  const options = {
    isLive: call.live,
    changes: call.set,
    ...(call.snapshot !== undefined && { snapshot: call.snapshot }),
    ...(call.fresh !== undefined && { fresh: call.fresh }),
    signal: context.interruptible("the cloning"),
    warn: (message: string) => messages.warn(`rehome: warning: ${message}`),
  };
  const clone = call.dryRun
    ? await planCloneMachine(call.source, call.name, options)
    : await cloneMachineAsJob(call.source, call.name, { ...options, onJob: context.onJob });
  const { source, name, uuid, from, takesSnapshot, way, consistency, configuration } = clone;
  const settings = writeUnitFile(configuration.nspawn);
  if (common.json)
    output.document({ source, name, uuid, from, takesSnapshot, way, consistency, settings, isCloned: !call.dryRun });
  else
    output.lines([
      call.dryRun ? `${name} would be made from ${from}` : `${name} is made from ${from}`,
      ...(takesSnapshot ? [`${from} ${call.dryRun ? "would be taken first" : "was taken, and is kept"}`] : []),
      `its files: ${way === "snapshot" ? "a btrfs snapshot" : "a copy"}, ${consistencyMeaning[consistency]} (${consistency})`,
      ...(call.dryRun ? ["its identity would be reset; settings:", ...settings.trimEnd().split("\n")] : []),
    ]);
  return exitStatus.done;
}

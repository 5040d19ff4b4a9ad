import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { attachAsJob, planAttach } from "../../../library/jobs/kinds/machines/attach/attach-job.ts";
import { namesManifest } from "../../../library/machines/find-manifest.ts";
import { renderReport } from "../../../system/validate/index.ts";
import type { PackageChange } from "../../../journeys/machine/update/plan-update.ts";
import type { CommandContext } from "../../command-context.ts";
import type { MachineAttachCall } from "../../definition/index.ts";
import { describeChange, updateHost } from "./update-host.ts";
import { entryNoun } from "../../progress/progress-text.ts";

/** `rehome machine attach`. */
export async function runMachineAttach(call: MachineAttachCall, context: CommandContext): Promise<ExitStatus> {
  const { output, messages, common } = context;
  assertSensible(call);
  if ((!call.dryRun || call.from !== undefined) && namesManifest(call.machine))
    throw new UsageError(
      `cannot attach "${call.machine}": it is a manifest, and the name of a machine is needed`,
      `With -n it is validated; rehome machine create NAME --from configures a machine from it.`,
    );
  const options = {
    force: call.force,
    update: call.update && !call.host,
    allow: call.allow,
    ...(context.store.paths && { paths: context.store.paths }),
    ...(call.hostRoot !== undefined && { hostRoot: call.hostRoot }),
    ...(call.from !== undefined && { from: { image: call.from, ...context.store } }),
    signal: context.interruptible("the attaching"),
    warn: (message: string) => messages.warn(`rehome: warning: ${message}`),
  };
  let host: readonly PackageChange[] | undefined;
  if (call.host) {
    const { changes, isReady } = await updateHost(
      call.machine,
      call.yes,
      { ...options, onJob: context.onJob },
      context,
    );
    if (!isReady) return exitStatus.refused;
    host = changes;
  }
  const { report, manifest, isAttached, updated } = call.dryRun
    ? await planAttach(call.machine, options)
    : await attach();
  if (manifest.isRebuilt)
    messages.warn("rehome: warning: the machine was never detached; its manifest is made from its own tree");
  if (isAttached && call.force)
    messages.warn("rehome: warning: software was not compared; the manifest stays as .rehome/attached-forced.json");
  if (common.json)
    output.document({
      ...report,
      isRebuilt: manifest.isRebuilt,
      isAttached,
      ...(updated && { updated }),
      ...(host && { host }),
    });
  else if (report.findings.length > 0) output.lines(renderReport(report));
  else {
    output.lines((updated ?? []).map(describeChange));
    output.line(isAttached ? `${report.machine} is attached` : `${report.machine} can be attached here`);
  }
  return report.findings.length > 0 ? exitStatus.refused : exitStatus.done;

  async function attach(): ReturnType<typeof attachAsJob> {
    if (call.from === undefined) return await attachAsJob(call.machine, { ...options, onJob: context.onJob });
    using view = context.startProgress(entryNoun);
    return await attachAsJob(call.machine, { ...options, onProgress: view.onProgress, onJob: context.onJob });
  }
}

/** @throws {UsageError} */
function assertSensible({ dryRun, force, update, host, yes, from }: MachineAttachCall): void {
  const wrong: readonly (readonly [boolean, string, string])[] = [
    [dryRun && force, "-F with -n", "the one skips what the other asks for"],
    [dryRun && update, "-u with -n", "-n alone lists what is out of step"],
    [force && update, "-F with -u", "the one passes over what the other mends"],
    [update && from !== undefined, "-u with --from", "what is updated must be here"],
    [host && !update, "--host", "it needs -u"],
    [yes && !host, "--yes", "it needs -u --host"],
  ];
  const found = wrong.find(([isWrong]) => isWrong);
  if (found !== undefined)
    throw new UsageError(`cannot use ${found[1]}: ${found[2]}`, "Leave one of them out, or add what is missing.");
}

import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { MachineUnsuitableError } from "../../../library/machines/errors.ts";
import { describeDetached } from "../../../library/machines/describe-detached.ts";
import { detachAsJob } from "../../../library/jobs/kinds/machines/attach/detach-job.ts";
import { listMachines } from "../../../library/machines/list-machines.ts";
import { choosePaths } from "../../../library/settings/settings.ts";
import type { CommandContext } from "../../command-context.ts";
import type { MachineDetachCall } from "../../definition/index.ts";
import { entryNoun } from "../../progress/progress-text.ts";
import { formatLabel, labelOf } from "../image-label.ts";
import { countOf } from "../../render/quantities.ts";

/** `rehome machine detach`. */
export async function runMachineDetach(call: MachineDetachCall, context: CommandContext): Promise<ExitStatus> {
  const { output, messages, common } = context;
  const options = {
    ...(call.hostRoot !== undefined && { hostRoot: call.hostRoot }),
    signal: context.interruptible("the detaching"),
    warn: (message: string) => messages.warn(`rehome: warning: ${message}`),
  };
  if (call.dryRun) {
    if (!listMachines().some(({ name }) => name === call.name))
      throw new MachineUnsuitableError(
        `cannot detach ${call.name}: no machine of that name is here`,
        "`rehome machine list` shows all machines.",
      );
    output.document(await describeDetached(choosePaths(), call.name, options));
    return exitStatus.done;
  }
  const { manifest, path, image } = await detach();
  const { name, uuid, epoch } = manifest.machine;
  const packages = manifest.software.packages.length;
  if (common.json)
    output.document({
      name,
      uuid,
      epoch,
      state: "detached",
      manifest: path,
      packages,
      ...(image && { image: labelOf(image) }),
    });
  else
    output.lines([
      `${name} is detached`,
      `its manifest is ${path}: ${countOf(packages, "package")} to validate`,
      ...(image
        ? [`its files are ${formatLabel(image)} too: rehome machine attach ${name} --from ${image.name}:${image.tag}`]
        : []),
    ]);
  return exitStatus.done;

  async function detach(): ReturnType<typeof detachAsJob> {
    if (!call.toImage) return await detachAsJob(call.name, { ...options, onJob: context.onJob });
    using view = context.startProgress(entryNoun);
    const { store, paths } = context.store;
    return await detachAsJob(call.name, {
      ...options,
      ...(paths && { paths }),
      toImage: store === undefined ? {} : { store },
      onProgress: view.onProgress,
      onJob: context.onJob,
    });
  }
}

import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import {
  createFromImageAsJob,
  planCreateFromImage,
} from "../../../library/jobs/kinds/machines/create/create-from-image-job.ts";
import { renderReport } from "../../../system/validate/index.ts";
import type { CommandContext } from "../../command-context.ts";
import type { MachineCreateCall } from "../../definition/index.ts";
import { entryNoun } from "../../progress/progress-text.ts";

/** `rehome machine create --from IMAGE`. */
export async function createFromImage(
  call: MachineCreateCall,
  image: string,
  context: CommandContext,
): Promise<ExitStatus> {
  const { output, common } = context;
  const options = {
    ...context.store,
    image,
    changes: call.set,
    allow: call.allow,
    keepsIdentity: call.keepIdentity,
    ...(call.fresh !== undefined && { fresh: call.fresh }),
    signal: context.interruptible("the creation"),
  };
  const created =
    call.show || call.dryRun
      ? { ...(await planCreateFromImage(call.name, options)), isCreated: false }
      : await create();
  const { name, uuid, settings, findings, isCreated } = created;
  if (common.json)
    output.document({ name, uuid, epoch: isCreated ? 1 : 0, image: created.image, isCreated, settings, findings });
  else {
    if (call.show) output.lines(settings.trimEnd().split("\n"));
    output.lines(renderReport({ findings }));
    if (isCreated) output.lines([`${name} is made from ${created.image}`, `rehome machine start ${name}`]);
    else if (call.dryRun && findings.length === 0) output.line(`${name} would be made from ${created.image}`);
  }
  return findings.length > 0 ? exitStatus.refused : exitStatus.done;

  async function create(): ReturnType<typeof createFromImageAsJob> {
    using view = context.startProgress(entryNoun);
    return await createFromImageAsJob(call.name, { ...options, onProgress: view.onProgress, onJob: context.onJob });
  }
}

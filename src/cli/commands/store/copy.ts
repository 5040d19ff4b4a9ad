import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { copyAsJob } from "../../../library/jobs/kinds/images/copy-job.ts";
import type { CommandContext } from "../../command-context.ts";
import type { StoreCopyCall } from "../../definition/index.ts";
import { objectNoun } from "../../progress/progress-text.ts";
import { countOf, formatBytes } from "../../render/quantities.ts";
import { formatLabel, labelOf } from "../image-label.ts";

/** `rehome store copy`. */
export async function runStoreCopy(call: StoreCopyCall, context: CommandContext): Promise<ExitStatus> {
  const signal = context.interruptible("the copy");
  const { paths } = context.store;
  const { copied, present, copiedBlocks, copiedBytes, presentBytes } = await (async () => {
    using view = context.startProgress(objectNoun);
    return await copyAsJob(call.source, call.target, {
      signal,
      onProgress: view.onProgress,
      onJob: context.onJob,
      ...(paths && { paths }),
      ...(call.images.length > 0 && { images: call.images }),
      ...(call.rate !== undefined && { rateBytesPerSecond: call.rate }),
      ...(call.targetKeyFile !== undefined && { targetKeyFile: call.targetKeyFile }),
    });
  })();
  if (context.common.json)
    context.output.document({
      job: context.job(),
      copied: copied.map(labelOf),
      present: present.map(labelOf),
      copiedBlocks,
      copiedBytes,
      presentBytes,
    });
  else
    context.output.lines([
      ...copied.map((name) => `copied ${formatLabel(name)}`),
      ...(present.length > 0 ? [`${countOf(present.length, "name")} was there already`] : []),
      `${formatBytes(copiedBytes)} in ${countOf(copiedBlocks, "block")} copied and read back, ${formatBytes(presentBytes)} was there already`,
    ]);
  return exitStatus.done;
}

import { resolve } from "node:path";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { planConversion } from "../../../library/disk/plan-conversion.ts";
import { convertAsJob } from "../../../library/jobs/kinds/disk/convert-job.ts";
import type { CommandContext } from "../../command-context.ts";
import type { DiskConvertCall } from "../../definition/index.ts";
import { entryNoun } from "../../progress/progress-text.ts";
import { formatBytes } from "../../render/quantities.ts";
import { machineOf } from "./machine-size.ts";

/** `rehome disk convert`. */
export async function runDiskConvert(call: DiskConvertCall, context: CommandContext): Promise<ExitStatus> {
  const { output, common } = context;
  const options = {
    ...(call.for && { hypervisor: call.for }),
    ...(call.firmware && { firmware: call.firmware }),
    machine: machineOf(call),
    signal: context.interruptible("the conversion"),
  };
  if (call.dryRun) {
    const { from, fromFormat, to, toFormat, capacityBytes } = await planConversion(
      resolve(call.from),
      resolve(call.to),
      options,
    );
    if (common.json) output.document({ from, fromFormat, to, toFormat, capacityBytes });
    else output.line(`write ${to} (${toFormat}) from ${from} (${fromFormat}), a disk of ${formatBytes(capacityBytes)}`);
    return exitStatus.done;
  }
  const written = await (async () => {
    using view = context.startProgress(entryNoun);
    return await convertAsJob(call.from, call.to, { ...options, onJob: context.onJob, onProgress: view.onProgress });
  })();
  const { path, format, fileBytes, allocatedBytes } = written;
  if (common.json) output.document({ job: context.job(), path, format, fileBytes, allocatedBytes });
  else output.line(`${path} is written: ${format}, ${formatBytes(allocatedBytes)} on disk`);
  return exitStatus.done;
}

import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { parseImageOperand } from "../../../core/operand.ts";
import type { ImageName } from "../../../image/store/image-names.ts";
import { removeAsJob } from "../../../library/jobs/kinds/images/store-jobs.ts";
import { removeImage, storeOf } from "../../../library/images/images.ts";
import type { CommandContext } from "../../command-context.ts";
import type { RmCall } from "../../definition/index.ts";
import { formatLabel, labelOf } from "../image-label.ts";

/** `rehome rm`. Nothing is removed unless every operand names something. */
export async function runRm(
  call: RmCall,
  { common, store, output, messages, onJob }: CommandContext,
): Promise<ExitStatus> {
  const doomed = new Map<string, { readonly name: ImageName; readonly store: CommandContext["store"] }>();
  for (const image of call.image) {
    const from = storeOf(parseImageOperand(image), store);
    for (const name of await removeImage(image, { ...from, dryRun: true }))
      doomed.set(`${from.store ?? ""}#${name.name}:${name.tag}`, { name, store: from });
  }
  if (!call.dryRun)
    for (const [from, names] of Map.groupBy(doomed.values(), ({ store: each }) => each.store))
      await removeAsJob(
        names.map(({ name }) => name),
        { ...(from !== undefined && { store: from }), onJob },
      );
  const names = [...doomed.values()].map(({ name }) => name);
  if (common.json) output.document({ removed: names.map(labelOf), dryRun: call.dryRun });
  else {
    for (const name of names) output.line(`${call.dryRun ? "would remove" : "removed"} ${formatLabel(name)}`);
    if (!call.dryRun) messages.remark("`rehome store prune` frees what no image needs any more");
  }
  return exitStatus.done;
}

import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { tagImage } from "../../../library/images/images.ts";
import type { CommandContext } from "../../command-context.ts";
import type { TagCall } from "../../definition/index.ts";
import { formatLabel, labelOf } from "../image-label.ts";

/** `rehome tag`. */
export async function runTag({ image, tag, dryRun }: TagCall, context: CommandContext): Promise<ExitStatus> {
  const name = await tagImage(image, tag, { ...context.store, dryRun });
  if (context.common.json) context.output.document({ ...labelOf(name), dryRun });
  else context.output.line(`${dryRun ? "would tag " : ""}${formatLabel(name)}`);
  return exitStatus.done;
}

import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { parseImageOperand } from "../../../core/operand.ts";
import { ObjectExistsError } from "../../../image/errors.ts";
import type { ImageName } from "../../../image/store/image-names.ts";
import { listImages, showImage, storeOf, tagImage } from "../../../library/images.ts";
import type { CommandContext } from "../../command-context.ts";
import type { TagCall } from "../../definition/index.ts";
import { formatLabel, labelOf } from "../image-label.ts";

/** `rehome tag`. */
export async function runTag(call: TagCall, context: CommandContext): Promise<ExitStatus> {
  const name = call.dryRun ? await planTag(call, context.store) : await tagImage(call.image, call.tag, context.store);
  if (context.common.json) context.output.document({ ...labelOf(name), dryRun: call.dryRun });
  else context.output.line(`${call.dryRun ? "would tag " : ""}${formatLabel(name)}`);
  return exitStatus.done;
}

async function planTag({ image, tag }: TagCall, store: CommandContext["store"]): Promise<ImageName> {
  if (!/^[a-z][a-z0-9._-]{0,127}$/.test(tag))
    throw new UsageError(
      `cannot use the tag "${tag}": it must begin with a letter and hold a-z, 0-9, \`.\`, \`_\`, \`-\``,
      "Choose a word.",
    );
  const { name } = await showImage(image, store);
  const names = await listImages(storeOf(parseImageOperand(image), store));
  if (names.some((other) => other.name === name.name && other.tag === tag))
    throw new ObjectExistsError(`the tag ${name.name}:${tag}`);
  return { ...name, tag };
}

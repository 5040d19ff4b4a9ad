import { resolve } from "node:path";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { signImage } from "../../../library/images/sign.ts";
import type { CommandContext } from "../../command-context.ts";
import type { SignCall } from "../../definition/index.ts";
import { formatLabel, labelOf } from "../image-label.ts";

/** `rehome sign`. */
export async function runSign({ image, keyFile, dryRun }: SignCall, context: CommandContext): Promise<ExitStatus> {
  const { name, signer } = await signImage(image, resolve(keyFile), { ...context.store, dryRun });
  if (context.common.json) context.output.document({ ...labelOf(name), signer, dryRun });
  else context.output.line(`${dryRun ? "would sign" : "signed"} ${formatLabel(name)} as ${signer}`);
  return exitStatus.done;
}

import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import type { CheckResult } from "../../../image/care/check.ts";
import { checkStore, repairStore } from "../../../library/store/store-care.ts";
import type { CommandContext } from "../../command-context.ts";
import type { StoreCheckCall } from "../../definition/index.ts";
import { objectNoun } from "../../progress/progress-text.ts";
import { countOf, formatBytes } from "../../render/quantities.ts";

/** `rehome store check`. */
export async function runStoreCheck(call: StoreCheckCall, context: CommandContext): Promise<ExitStatus> {
  const { result, actions } = await (async () => {
    const signal = context.interruptible("the check");
    using view = context.startProgress(objectNoun);
    const options = { ...context.store, signal, onProgress: view.onProgress };
    if (!call.repair || call.dryRun) return { result: await checkStore(options), actions: undefined };
    const { after, actions: done } = await repairStore(options);
    return { result: after, actions: done };
  })();
  if (context.common.json) context.output.document(checkDocument(result, actions));
  else {
    context.output.lines(actions ?? []);
    context.output.lines(describeCheck(result));
    for (const note of result.notes) context.messages.remark(`rehome: note: ${note}`);
    if (result.damages.length > 0 && actions === undefined)
      context.messages.remark(
        "`rehome store check --repair` keeps all that is intact; capture the systems again afterwards",
      );
  }
  return result.damages.length > 0 ? exitStatus.different : exitStatus.done;
}

function checkDocument(
  { objects, bytes, damages, notes, hurtImages }: CheckResult,
  actions: readonly string[] | undefined,
): object {
  return { objects, bytes, damages, hurtImages, notes, ...(actions && { repair: { actions } }) };
}

function describeCheck({ objects, bytes, damages, hurtImages }: CheckResult): string[] {
  const read = `${countOf(objects, "object")}, ${formatBytes(bytes)} read`;
  if (damages.length === 0) return [`${read}: everything is intact`];
  return [
    ...damages.flatMap(({ object, message, images }) => [
      `${object}: ${message}`,
      ...(images.length > 0 ? [`  hurts ${images.join(", ")}`] : ["  hurts no image"]),
    ]),
    `${read}: ${countOf(damages.length, "object")} damaged or missing, ${countOf(hurtImages.length, "image")} hurt`,
  ];
}

import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { leftOutFiles } from "../../../core/manifest/left-out.ts";
import { showImage } from "../../../library/images/images.ts";
import type { Difference } from "../../../system/compare/difference.ts";
import type { CommandContext } from "../../command-context.ts";
import type { VerifyCall } from "../../definition/index.ts";
import { entryNoun } from "../../progress/progress-text.ts";
import { countOf, formatBytes } from "../../render/quantities.ts";
import { assertDirectory } from "../assert-directory.ts";
import { differenceDocument, formatDifference } from "../difference.ts";
import { formatLabel, labelOf } from "../image-label.ts";
import { describeNotCompared } from "../secrets.ts";

/** `rehome verify`. */
export async function runVerify(call: VerifyCall, context: CommandContext): Promise<ExitStatus> {
  return call.against === undefined
    ? await verifyStored(call.image, context)
    : await verifyTree(call.image, call.against, context);
}

async function verifyStored(image: string, context: CommandContext): Promise<ExitStatus> {
  const { verifyImage } = await import("../../../library/store/store-care.ts");
  const signal = context.interruptible("the verification");
  const { name, entries, streams, bytes, damaged } = await (async () => {
    using view = context.startProgress(entryNoun);
    return await verifyImage(image, { ...context.store, signal, onProgress: view.onProgress });
  })();
  if (context.common.json) context.output.document({ ...labelOf(name), entries, streams, bytes, damaged });
  else {
    for (const { object, message } of damaged) context.output.line(`${object}: ${message}`);
    const verdict =
      damaged.length === 0 ? "everything is intact" : `${countOf(damaged.length, "object")} damaged or missing`;
    context.output.line(
      `${formatLabel(name)}: ${countOf(entries, "entry", "entries")}${streams > 0 ? `, ${countOf(streams, "raw stream")}` : ""}, ${formatBytes(bytes)} read: ${verdict}`,
    );
  }
  return damaged.length === 0 ? exitStatus.done : exitStatus.different;
}

async function verifyTree(image: string, directory: string, context: CommandContext): Promise<ExitStatus> {
  const { diffTree, isInMemory } = await import("../../../library/images/compare.ts");
  assertDirectory(directory);
  const signal = context.interruptible("the verification");
  const { name, manifest } = await showImage(image, context.store);
  const notCompared = leftOutFiles(manifest).length;
  const differences: Difference[] = [];
  const cached = isInMemory(directory);
  await (async () => {
    using view = context.startProgress(entryNoun);
    const options = { ...context.store, fromDevice: true, signal, onProgress: view.onProgress };
    for await (const difference of diffTree(image, directory, options)) differences.push(difference);
  })();
  const { entries, bytes } = name;
  if (context.common.json) {
    const found = differences.map(differenceDocument);
    context.output.document({
      ...labelOf(name),
      entries,
      bytes,
      against: { directory, cached, differences: found, notCompared },
    });
  } else {
    context.output.lines(differences.map(formatDifference));
    const how = cached ? "read from memory, the file system has no device" : "read back from the device";
    const verdict = differences.length === 0 ? "nothing differs" : countOf(differences.length, "difference");
    context.output.line(`${formatLabel(name)} and ${directory}: ${verdict}; ${how}`);
    for (const line of describeNotCompared(notCompared)) context.messages.remark(line);
  }
  return differences.length === 0 ? exitStatus.done : exitStatus.different;
}

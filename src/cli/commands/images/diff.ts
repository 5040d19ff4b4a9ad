import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { leftOutFiles } from "../../../core/manifest/left-out.ts";
import { parseOperand } from "../../../core/operand.ts";
import { diffImages, diffTree, type CompareOptions } from "../../../library/images/compare.ts";
import { diffStreams, type StreamDifference } from "../../../library/images/streams.ts";
import { showImage } from "../../../library/images/images.ts";
import type { Difference } from "../../../system/compare/difference.ts";
import type { CommandContext } from "../../command-context.ts";
import type { DiffCall } from "../../definition/index.ts";
import { entryNoun } from "../../progress/progress-text.ts";
import { formatCount } from "../../render/quantities.ts";
import { assertDirectory } from "../assert-directory.ts";
import { differenceDocument, formatDifference, signs } from "../difference.ts";
import { describeNotCompared } from "../secrets.ts";

/** `rehome diff`. */
export async function runDiff(call: DiffCall, context: CommandContext): Promise<ExitStatus> {
  const { common, output, messages } = context;
  const signal = context.interruptible("the comparison");
  const counts: Record<Difference["change"], number> = { added: 0, removed: 0, changed: 0 };
  const streams = await compareStreams(call, context);
  for (const { change } of streams) counts[change] += 1;
  await (async () => {
    using view = context.startProgress(entryNoun);
    const differences = count(compare(call, { ...context.store, signal, onProgress: view.onProgress }), counts);
    if (common.json) {
      const { before, after } = call;
      const notCompared = await countNotCompared(call, context);
      const ends = (): object => ({ ...counts, notCompared, streams });
      await output.listDocument({ before, after }, "differences", mapDocuments(differences), ends);
    } else for await (const difference of differences) output.line(formatDifference(difference));
    if (!common.json) for (const { name, change } of streams) output.line(`${signs[change]} raw stream ${name}`);
  })();
  const { added, removed, changed } = counts;
  const isEqual = added + removed + changed === 0;
  if (!common.json)
    for (const line of describeNotCompared(await countNotCompared(call, context))) messages.remark(line);
  if (!common.json && isEqual) messages.remark("nothing differs");
  else if (!common.json)
    messages.remark(`${formatCount(added)} added, ${formatCount(removed)} removed, ${formatCount(changed)} changed`);
  return isEqual ? exitStatus.done : exitStatus.different;
}

/** Raw streams are of images alone. */
async function compareStreams({ before, after }: DiffCall, { store }: CommandContext): Promise<StreamDifference[]> {
  const areImages = [before, after].every((operand) => parseOperand(operand).kind === "image");
  return areImages ? await diffStreams(before, after, store) : [];
}

function compare({ before, after }: DiffCall, options: CompareOptions): AsyncIterable<Difference> {
  const [first, second] = [parseOperand(before), parseOperand(after)];
  for (const operand of [first, second]) if (operand.kind === "path") assertDirectory(operand.path);
  if (first.kind === "image" && second.kind === "image") return diffImages(before, after, options);
  if (first.kind === "image" && second.kind === "path") return diffTree(before, second.path, options);
  if (first.kind === "path" && second.kind === "image") return turnRound(diffTree(after, first.path, options));
  throw new UsageError(
    `cannot compare "${before}" with "${after}": one must be an image, the other an image or a directory`,
    "See `rehome diff --help`.",
  );
}

/** How many files one of the images has without their contents. */
async function countNotCompared({ before, after }: DiffCall, { store }: CommandContext): Promise<number> {
  const paths = new Set<string>();
  for (const operand of [before, after]) {
    if (parseOperand(operand).kind !== "image") continue;
    for (const { path } of leftOutFiles((await showImage(operand, store)).manifest)) paths.add(path);
  }
  return paths.size;
}

/** What was added from one side was removed from the other. */
async function* turnRound(differences: AsyncIterable<Difference>): AsyncGenerator<Difference, void, undefined> {
  const turned = { added: "removed", removed: "added", changed: "changed" } as const;
  for await (const difference of differences) yield { ...difference, change: turned[difference.change] };
}

async function* count(
  differences: AsyncIterable<Difference>,
  counts: Record<Difference["change"], number>,
): AsyncGenerator<Difference, void, undefined> {
  for await (const difference of differences) {
    counts[difference.change] += 1;
    yield difference;
  }
}

async function* mapDocuments(differences: AsyncIterable<Difference>): AsyncGenerator<object, void, undefined> {
  for await (const difference of differences) yield differenceDocument(difference);
}

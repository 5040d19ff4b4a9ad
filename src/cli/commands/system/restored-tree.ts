import type { RestoreResult } from "../../../library/restore/restore.ts";
import { describeLoss } from "../../../system/restore/describe-loss.ts";
import type { CommandContext } from "../../command-context.ts";
import { countOf, formatBytes, formatDuration } from "../../render/quantities.ts";
import { differenceDocument } from "../difference.ts";
import { formatLabel, labelOf } from "../image-label.ts";
import { formatSecret } from "../secrets.ts";
import { printWarnings } from "../warnings.ts";

/** What a restore of a tree made, and what it could not. */
export function printRestored(result: RestoreResult, context: CommandContext): void {
  context.output.lines(describeRestore(result));
  printWarnings(context.messages, result.losses.map(describeLoss), result.lossCount, "--json lists up to a thousand");
  const leftOut = result.leftOut.map((file) => `${formatSecret(file)}: the image does not have its content`);
  printWarnings(context.messages, leftOut, leftOut.length, "-v lists them");
}

/** A restored tree in a document. */
export function restoreDocument(result: RestoreResult): object {
  const { name, backup, verified, ...rest } = result;
  return {
    ...labelOf(name),
    ...rest,
    ...(backup && { backup: labelOf(backup) }),
    ...(verified && {
      verified: { cached: verified.cached, differences: verified.differences.map(differenceDocument) },
    }),
  };
}

function describeRestore(result: RestoreResult): string[] {
  const { name, directory, entries, files, bytes, resumed, backup, verified, prepared, durationMs } = result;
  return [
    `${formatLabel(name)} is in ${directory}`,
    `${countOf(entries, "entry", "entries")}, ${countOf(files, "file")}, ${formatBytes(bytes)}, in ${formatDuration(durationMs)}`,
    ...(resumed ? ["went on from where an earlier run had stopped"] : []),
    ...(backup ? [`what was there before is ${formatLabel(backup)}`] : []),
    ...(verified
      ? [
          `verified: nothing differs${verified.cached ? "; read from memory, the file system has no device" : ", read back from the device"}`,
        ]
      : []),
    ...(prepared
      ? [`it is ${prepared.as} now: ${countOf(prepared.changed.length, "entry", "entries")} differ from the image`]
      : []),
  ];
}

import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { displayBytes } from "../../../core/tree/byte-string.ts";
import { exportTar } from "../../../library/images/exchange.ts";
import type { CommandContext } from "../../command-context.ts";
import type { TarCall } from "../../definition/index.ts";
import { printWarnings } from "../warnings.ts";

const lossesShown = 1000;

/** `rehome tar`. */
export async function runTar(call: TarCall, context: CommandContext): Promise<ExitStatus> {
  const { output, messages, store } = context;
  if (call.output === undefined && output.isTerminal)
    throw new UsageError(
      "cannot write an archive to a terminal: a file or a pipe is needed",
      "Add `> FILE` or --output FILE.",
    );
  const losses: string[] = [];
  let lossCount = 0;
  const archive = exportTar(call.image, {
    ...store,
    signal: context.interruptible("writing the archive"),
    onLoss: ({ path, what }) => {
      if (++lossCount <= lossesShown) losses.push(`/${displayBytes(path)}: a tar cannot hold ${what}`);
    },
  });
  if (call.output === undefined) for await (const bytes of archive) output.bytes(bytes);
  else await writeFile(call.output, archive);
  printWarnings(messages, losses, lossCount, "the rest is of the same kind");
  return lossCount > 0 ? exitStatus.incomplete : exitStatus.done;
}

async function writeFile(path: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
  // Made by the first bytes, so that an image that cannot be read leaves no file.
  let file: number | undefined;
  try {
    for await (const bytes of archive) {
      file ??= openSync(path, "wx", 0o600);
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    }
    if (file !== undefined) fsyncSync(file);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

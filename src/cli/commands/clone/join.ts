import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { cloneJoin } from "../../../library/clone/join.ts";
import type { CommandContext } from "../../command-context.ts";
import type { CloneJoinCall } from "../../definition/index.ts";
import { entryNoun } from "../../progress/progress-text.ts";
import { formatBytes, formatDuration } from "../../render/quantities.ts";
import { printWarnings } from "../warnings.ts";
import { needed } from "./needed.ts";

/** `rehome clone join`. */
export async function runCloneJoin(call: CloneJoinCall, context: CommandContext): Promise<ExitStatus> {
  const session = needed("session", call.session);
  const dir = needed("dir", call.dir);
  const token = readToken(call.tokenFile);
  const signal = context.interruptible("the join");
  const result = await (async () => {
    using view = context.startProgress(entryNoun);
    return await cloneJoin(dir, {
      session,
      token,
      ...(call.from !== undefined && { from: call.from }),
      ...(call.name !== undefined && { name: call.name }),
      ...(call.port !== undefined && { port: call.port }),
      ...(call.listenPort !== undefined && { listenPort: call.listenPort }),
      update: call.update,
      ...(call.allowExec && { exec: runCommand }),
      onLine: (line) => context.messages.remark(line),
      onProgress: view.onProgress,
      signal,
    });
  })();
  const { directory, bytes, retries, resumed, losses, lossCount, durationMs } = result;
  if (context.common.json) context.output.document({ session, ...result });
  else {
    context.output.lines([
      `${directory} is a verified copy: ${formatBytes(bytes)}, in ${formatDuration(durationMs)}`,
      ...(retries > 0 ? [`${retries} frames had to be asked for again`] : []),
      ...(resumed ? ["went on from where an earlier run had stopped"] : []),
    ]);
    const lost = losses.map(({ path, what, why }) => `/${path}: ${what} could not be set: ${why}`);
    printWarnings(context.messages, lost, lossCount, "--json lists up to a thousand");
  }
  return lossCount > 0 ? exitStatus.incomplete : exitStatus.done;
}

function readToken(file: string | undefined): string {
  const token = file === undefined ? process.env["REHOME_SESSION_TOKEN"] : readFileSync(file, "utf8");
  if (token !== undefined) return token;
  throw new UsageError(
    "cannot join without the session's token",
    "Give --token-file FILE or set REHOME_SESSION_TOKEN to what `rehome clone serve` printed.",
  );
}

/** Runs a command of the golden node; its output goes line by line to `onLine`. */
function runCommand(words: readonly string[], onLine: (line: string) => void): Promise<number> {
  const [program = "", ...rest] = words;
  return new Promise((resolve) => {
    const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", onLine);
    child.on("error", (error) => {
      onLine(error.message);
      resolve(127);
    });
    child.on("close", (code) => resolve(code ?? 128));
  });
}

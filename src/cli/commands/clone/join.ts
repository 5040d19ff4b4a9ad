import { readFileSync } from "node:fs";
import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { cloneJoin, type CloneJoinOptions } from "../../../library/clone/join.ts";
import { planCloneJoin, type CloneJoinPlan } from "../../../library/clone/plan-join.ts";
import type { CloneThen } from "../../../library/clone/settle-copy.ts";
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
  const options: CloneJoinOptions = {
    session,
    token,
    ...(call.from !== undefined && { from: call.from }),
    ...(call.name !== undefined && { name: call.name }),
    ...(call.port !== undefined && { port: call.port }),
    ...(call.listenPort !== undefined && { listenPort: call.listenPort }),
    afterwards: afterwardsOf(call),
    update: call.update,
    allowExec: call.allowExec,
  };
  if (call.dryRun) return showPlan(await planCloneJoin(dir, options), call, context);
  const signal = context.interruptible("the join");
  const result = await (async () => {
    using view = context.startProgress(entryNoun);
    const onLine = (line: string): void => context.messages.remark(line);
    return await cloneJoin(dir, { ...options, onLine, onProgress: view.onProgress, signal });
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
  return lossCount > 0 || result.thenStatus !== 0 ? exitStatus.incomplete : exitStatus.done;
}

function readToken(file: string | undefined): string {
  const token = file === undefined ? process.env["REHOME_SESSION_TOKEN"] : readFileSync(file, "utf8");
  if (token !== undefined) return token;
  throw new UsageError(
    "cannot join without the session's token",
    "Give --token-file FILE or set REHOME_SESSION_TOKEN to what `rehome clone serve` printed.",
  );
}

function showPlan(plan: CloneJoinPlan, { from }: CloneJoinCall, { common, output }: CommandContext): ExitStatus {
  const { session, name, golden, directory, stage, freeBytes, unfinished, afterwards } = plan;
  const isLost = golden.length === 0;
  if (common.json) output.document(plan);
  else
    output.lines([
      isLost
        ? `nobody on the local net answers for session ${session}`
        : `join session ${session} at ${golden.join(" or ")} as ${name}${from === undefined ? "" : " (not asked)"}`,
      ...(unfinished === undefined ? [] : [`go on with what is there of image @${unfinished.slice(0, 12)}`]),
      stage === undefined ? `write into ${directory}, a mount point` : `write ${stage}, then rename it to ${directory}`,
      `${formatBytes(freeBytes)} are free there`,
      "read all of it back, and prepare it as the golden node says",
      afterwards.kind === "command" ? `run ${afterwards.line}` : afterwards.kind,
    ]);
  return isLost ? exitStatus.refused : exitStatus.done;
}

function afterwardsOf({ reboot, then }: CloneJoinCall): CloneThen {
  if (then === undefined) return { kind: reboot ? "reboot" : "stay" };
  if (!reboot) return { kind: "command", line: then };
  throw new UsageError("cannot use --reboot and --then", "Let the command given with --then reboot.");
}

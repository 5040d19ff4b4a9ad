import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { readSessionToken } from "../../../library/clone/node/session-token.ts";
import { planCloneJoin, type CloneJoinPlan } from "../../../library/clone/node/plan-join.ts";
import { keepMountsPrivate } from "../../../library/disk/private-mounts.ts";
import type { CloneThen } from "../../../library/clone/node/settle-copy.ts";
import { cloneJoinStoreAsJob } from "../../../library/jobs/kinds/clone/join-store-job.ts";
import { cloneJoinAsJob, type CloneJoinJobOptions } from "../../../library/jobs/kinds/clone/join-tree-job.ts";
import type { SessionByToken } from "../../../library/jobs/kinds/clone/session-of-job.ts";
import { describeLoss } from "../../../system/restore/describe-loss.ts";
import type { CommandContext } from "../../command-context.ts";
import type { CloneJoinCall } from "../../definition/index.ts";
import { entryNoun } from "../../progress/progress-text.ts";
import { formatBytes, formatDuration } from "../../render/quantities.ts";
import { printWarnings } from "../warnings.ts";
import { joinWithDisks } from "./join-disks.ts";
import { needed } from "./needed.ts";
import { retriesLine } from "./retries-line.ts";
import { watcherOf } from "./watch-join.ts";

/** `rehome clone join`. */
export async function runCloneJoin(call: CloneJoinCall, context: CommandContext): Promise<ExitStatus> {
  if (call.disk.length > 0 && !call.dryRun) keepMountsPrivate();
  const joining: SessionByToken = {
    session: needed("session", call.session),
    ...(call.tokenFile !== undefined && { tokenFile: call.tokenFile }),
    ...(call.from !== undefined && { from: call.from }),
    ...(call.name !== undefined && { name: call.name }),
    ...(call.port !== undefined && { port: call.port }),
    ...(call.listenPort !== undefined && { listenPort: call.listenPort }),
    allowExec: call.allowExec,
    onJob: context.onJob,
  };
  const { store } = context.common;
  const { paths } = context.store;
  const more = {
    afterwards: afterwardsOf(call),
    ...(call.fromStore !== undefined && { fromStore: call.fromStore }),
    ...(paths !== undefined && { paths }),
  };
  if (call.disk.length > 0) return await joinWithDisks({ ...joining, ...more }, call, context);
  const isForDisks = call.layout !== undefined || call.yesEraseAll || call.luksPassphraseFile.length > 0;
  if (isForDisks || (call.yesErase.length > 0 && call.raw.length === 0))
    throw new UsageError(
      "cannot use --layout, --luks-passphrase-file, --yes-erase or --yes-erase-all without --disk",
      "They belong to --disk.",
    );
  if (call.dir === undefined && store !== undefined) return await joinWithStore(joining, call, context);
  if (call.dir !== undefined && store !== undefined)
    throw new UsageError("cannot use --dir and --store", "Join twice to have both: a copy and an image in a store.");
  if (call.dir === undefined)
    throw new UsageError(
      "cannot join without a target",
      "Give --dir DIR for a tree, --disk DEVICE for a disk that starts, or --store STORE for an image in a store.",
    );
  return await joinWithDirectory(
    call.dir,
    { ...joining, ...more, update: call.update, raw: call.raw, mayErase: call.yesErase },
    call,
    context,
  );
}

async function joinWithDirectory(
  dir: string,
  options: CloneJoinJobOptions,
  call: CloneJoinCall,
  context: CommandContext,
): Promise<ExitStatus> {
  const { session } = options;
  if (call.dryRun) {
    const token = readSessionToken(session, options.tokenFile);
    return showPlan(await planCloneJoin(dir, { ...options, token }), call, context);
  }
  const signal = context.interruptible("the join");
  const result = await (async () => {
    using view = context.startProgress(entryNoun);
    return await cloneJoinAsJob(dir, { ...options, onProgress: view.onProgress, signal }, watcherOf(context));
  })();
  const { directory, bytes, retries, resumed, losses, lossCount, durationMs } = result;
  if (context.common.json) context.output.document({ job: context.job(), session, ...result });
  else {
    context.output.lines([
      `${directory} is a verified copy: ${formatBytes(bytes)}, in ${formatDuration(durationMs)}`,
      ...retriesLine(retries),
      ...(resumed ? ["went on from where an earlier run had stopped"] : []),
    ]);
    printWarnings(context.messages, losses.map(describeLoss), lossCount, "--json lists up to a thousand");
  }
  return lossCount > 0 || result.thenStatus !== 0 ? exitStatus.incomplete : exitStatus.done;
}

async function joinWithStore(
  options: SessionByToken,
  call: CloneJoinCall,
  context: CommandContext,
): Promise<ExitStatus> {
  const isToWrite = call.update || call.raw.length > 0 || call.fromStore !== undefined;
  if (isToWrite || call.reboot || call.then !== undefined || call.dryRun)
    throw new UsageError(
      "cannot use --update, --raw, --from-store, --reboot, --then or -n with --store",
      "They belong to --dir.",
    );
  const signal = context.interruptible("the join");
  const { name, retries, durationMs } = await (async () => {
    using view = context.startProgress(frameNoun);
    const all = { ...options, ...context.store, onProgress: view.onProgress, signal };
    return await cloneJoinStoreAsJob(all, watcherOf(context));
  })();
  const { image, tag, bytes, newBytes, storedBytes } = name;
  if (context.common.json) {
    const { session } = options;
    context.output.document({
      job: context.job(),
      session,
      image,
      name: name.name,
      tag,
      bytes,
      newBytes,
      storedBytes,
      retries,
      durationMs,
    });
  } else
    context.output.lines([
      `${name.name}:${tag} @${image.slice(0, 12)}`,
      `${formatBytes(newBytes)} new, ${formatBytes(storedBytes)} stored, in ${formatDuration(durationMs)}`,
      ...retriesLine(retries),
    ]);
  return exitStatus.done;
}

const frameNoun = { one: "frame", many: "frames" };

function showPlan(plan: CloneJoinPlan, { from }: CloneJoinCall, { common, output }: CommandContext): ExitStatus {
  const { session, name, golden, fromStore, freeBytes, unfinished, afterwards } = plan;
  const isLost = golden.length === 0;
  if (common.json) output.document(plan);
  else
    output.lines([
      isLost
        ? `nobody on the local net answers for session ${session}`
        : `join session ${session} at ${golden.join(" or ")} as ${name}${from === undefined ? "" : " (not asked)"}`,
      ...(unfinished === undefined ? [] : [`go on with what is there of image @${unfinished.slice(0, 12)}`]),
      describeWriting(plan),
      ...plan.streams.map(({ name: stream, path }) => `write stream ${stream} to ${path}`),
      ...(fromStore === undefined ? [] : [`take what ${fromStore} has of the image, and fetch the rest`]),
      `${formatBytes(freeBytes)} are free there`,
      "read all of it back, and prepare it as the golden node says",
      afterwards.kind === "command" ? `run ${afterwards.line}` : afterwards.kind,
    ]);
  return isLost ? exitStatus.refused : exitStatus.done;
}

function describeWriting({ mode, directory, stage = "" }: CloneJoinPlan): string {
  if (mode === "staged") return `write ${stage}, then rename it to ${directory}`;
  if (mode === "in-place") return `write into ${directory}, a mount point`;
  return `make ${directory} equal the image: fetch what it lacks, remove what only it has`;
}

function afterwardsOf({ reboot, then }: CloneJoinCall): CloneThen {
  if (then === undefined) return { kind: reboot ? "reboot" : "stay" };
  if (!reboot) return { kind: "command", line: then };
  throw new UsageError("cannot use --reboot and --then", "Let the command given with --then reboot.");
}

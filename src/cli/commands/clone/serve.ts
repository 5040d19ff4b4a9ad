import { readFileSync } from "node:fs";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { resolve } from "node:path";
import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { parseOperand } from "../../../core/operand.ts";
import { parseHostnameRule, parseHostnames } from "../../../journeys/clone/golden/hostnames.ts";
import { noteLine, reportLines, wantLine } from "../../../journeys/clone/ka-lines.ts";
import { excludesOfDisks } from "../../../library/clone/golden/golden-disks.ts";
import { planCloneServe, type CloneServePlan } from "../../../library/clone/golden/plan-serve.ts";
import type { ClonePreparation, ServedSession } from "../../../library/clone/golden/serve-options.ts";
import { sessionPhases } from "../../../library/clone/golden/session-progress.ts";
import { cloneServeAsJob, type CloneServeJobOptions } from "../../../library/jobs/kinds/clone/clone-serve-job.ts";
import type { CommandContext } from "../../command-context.ts";
import type { CloneServeCall } from "../../definition/index.ts";
import { blockNoun, entryNoun, nodeNoun, type ItemNoun } from "../../progress/progress-text.ts";
import { formatBytes } from "../../render/quantities.ts";
import { chooseInterface, type OwnAddress } from "./choose-interface.ts";
import { parseBootLoader } from "./boot-loader.ts";
import { needed } from "./needed.ts";
import { disksOf, leftOutOf } from "./serve-disks.ts";

/** `rehome clone serve`. */
export async function runCloneServe(call: CloneServeCall, context: CommandContext): Promise<ExitStatus> {
  const session = needed("session", call.session);
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(session))
    throw new UsageError(
      `cannot use "${session}" as name of a session`,
      "Use small letters, digits, `.`, `_` and `-`.",
    );
  const host = chooseInterface(ownAddresses(), call.interface, await addressesOf(call.interface));
  assertSuits(call);
  const excludes = await excludesOf(call);
  const options: CloneServeJobOptions = {
    ...context.store,
    session,
    settings: {
      nodes: call.nodes,
      minNodes: call.minNodes ?? 1,
      maxWaitMs: call.maxWait,
      ...(call.slowAfter !== undefined && { slowAfterMs: call.slowAfter }),
      ...(call.giveUp !== undefined && { giveUpMs: call.giveUp }),
      order: call.order === undefined ? [] : readNames(call.order),
    },
    ...(call.rate !== undefined && { rateBytesPerSecond: call.rate }),
    ...(call.port !== undefined && { port: call.port }),
    ...(host !== undefined && { host }),
    discovery: !call.noDiscovery,
    ...(call.retryKo !== undefined && { only: readNames(call.retryKo) }),
    ...preparationOf(call),
    ...(call.releaseDelay !== undefined && { releaseDelayMs: call.releaseDelay }),
    ...(call.linger !== undefined && { lingerMs: call.linger }),
    ...disksOf(call),
    ...(excludes.length > 0 && { excludes }),
    ...(call.tokenFile !== undefined && { tokenFile: call.tokenFile }),
    ...(call.ok !== undefined && { okFile: call.ok }),
    ...(call.ko !== undefined && { koFile: call.ko }),
    allowExec: call.allowExec,
  };
  if (call.dryRun) return showPlan(await planCloneServe(call.source, options), context);
  return await serve(call, options, context);
}

async function serve(
  call: CloneServeCall,
  options: CloneServeJobOptions,
  context: CommandContext,
): Promise<ExitStatus> {
  const signal = context.interruptible("the session");
  const printLine = (text: string): void => {
    if (context.common.json) return;
    context.output.lines([text]);
    context.output.flush();
  };
  const report = await (async () => {
    using view = context.startProgress(nounOf);
    return await cloneServeAsJob(
      call.source,
      { ...options, onJob: context.onJob, onProgress: view.onProgress, signal },
      {
        onServing: (served) => announce(call, served, options.host, context),
        onNote: (note) => printLine(noteLine(note)),
      },
    );
  })();
  if (context.common.json) context.output.document(report);
  else context.output.lines(reportLines(report));
  return report.nodes.every(({ ok }) => ok) ? exitStatus.done : exitStatus.incomplete;
}

function showPlan(plan: CloneServePlan, { common, output }: CommandContext): ExitStatus {
  const { session, resumes, source, address = "all addresses", port, discovery, nodes, identity } = plan;
  if (common.json) output.document(plan);
  else
    output.lines([
      source.kind === "image"
        ? `serve ${source.name}, ${formatBytes(source.bytes)}`
        : `capture ${source.root} as an image of ${source.name} (${source.consistency}), and serve it meanwhile`,
      `session ${session} ${resumes ? "goes on under its token" : "gets a new token"}`,
      `at ${address}, port ${port}; nodes ${discovery ? "find it on the local net" : "need --from"}`,
      nodes === undefined ? "start on `rehome clone go`, or after --max-wait" : `start when ${nodes} nodes wait`,
      identity === "none" ? "copies stay as they are" : `each copy is prepared, identity ${identity}`,
    ]);
  return exitStatus.done;
}

/** What is not captured of a system. @throws {UsageError} */
async function excludesOf(call: CloneServeCall): Promise<string[]> {
  const patterns = call.exclude.flatMap((pattern) => pattern.split("|"));
  const operand = parseOperand(call.source);
  const isHost = operand.kind === "path" && resolve(operand.path) === "/";
  return isHost ? [...patterns, ...(await excludesOfDisks(leftOutOf(call)))] : patterns;
}

/** @throws {UsageError} If what was asked for cannot be done with an image. */
function assertSuits({ source, exclude }: CloneServeCall): void {
  if (exclude.length > 0 && parseOperand(source).kind === "image")
    throw new UsageError(
      `cannot leave something out of image "${source}"`,
      "Exclude when a system is captured: `rehome capture --exclude`, or serve the system itself.",
    );
}

/** What the nodes are to make of their copies. @throws {UsageError} */
function preparationOf({ identity = "reset", hostname, hostnames, bootLoader }: CloneServeCall): {
  readonly prepare?: ClonePreparation;
} {
  const modules = bootLoader === undefined ? [] : parseBootLoader(bootLoader);
  const isNamed = hostname !== undefined || hostnames !== undefined;
  if (identity !== "reset" && isNamed)
    throw new UsageError(
      `cannot give host names with --identity ${identity}`,
      "Only a system of its own gets a name of its own.",
    );
  if (hostname !== undefined && hostnames !== undefined)
    throw new UsageError("cannot use --hostname and --hostnames", "Give one of them.");
  if (identity === "none") return {};
  const names =
    hostnames === undefined
      ? parseHostnameRule(hostname ?? (identity === "reset" ? "own" : "kept"))
      : parseHostnames(readFileSync(hostnames, "utf8"));
  return { prepare: { identity, hostnames: names, modules } };
}

function nounOf(phase: string): ItemNoun {
  if (phase === sessionPhases.sending) return blockNoun;
  return phase === sessionPhases.waiting || phase === sessionPhases.checking ? nodeNoun : entryNoun;
}

function announce(
  call: CloneServeCall,
  served: ServedSession,
  address: string | undefined,
  context: CommandContext,
): void {
  if (served.resumed) context.messages.remark("the session goes on where it was");
  context.messages.remark(`token: ${served.token}`);
  context.messages.remark(`serving at ${address ?? "all addresses"}, port ${served.port}`);
  if (served.whyHidden !== undefined && !call.noDiscovery)
    context.messages.warn(`nodes find this session with --from only: ${served.whyHidden}`);
  if (call.nodes !== undefined && !context.common.json) context.output.lines([wantLine(call.nodes)]);
  context.output.flush();
}

function ownAddresses(): OwnAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, each]) => (each ?? []).map((own) => ({ name, ...own })));
}

/** What the system takes a name for; nothing where it knows none of that name. */
async function addressesOf(name: string | undefined): Promise<string[]> {
  if (name === undefined || isIP(name) !== 0) return [];
  return await lookup(name, { all: true }).then(
    (found) => found.map(({ address }) => address),
    () => [],
  );
}

function readNames(file: string): string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

import { setTimeout as wait } from "node:timers/promises";
import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { SessionNotFoundError } from "../../../journeys/clone/errors.ts";
import {
  askSession,
  isServed,
  readNodeLog,
  type NodeStatus,
  type SessionStatus,
} from "../../../library/clone/golden/session-door.ts";
import type { CommandContext } from "../../command-context.ts";
import type { CloneExecCall, CloneLogCall, CloneSessionCall, CloneStatusCall } from "../../definition/index.ts";
import { formatTable, type Column } from "../../render/table.ts";

const lookEveryMs = 500;

/** `rehome clone go`. */
export async function runCloneGo(call: CloneSessionCall, context: CommandContext): Promise<ExitStatus> {
  return await show(call, "go", context);
}

/** `rehome clone status`. */
export async function runCloneStatus(call: CloneStatusCall, context: CommandContext): Promise<ExitStatus> {
  if (!call.follow) return await show(call, "status", context);
  if (context.common.json)
    throw new UsageError("cannot follow with --json", "Ask again and again: each answer is one document.");
  for (let shown = ""; ; await wait(lookEveryMs)) {
    const status = await statusOf(call.session, shown !== "");
    if (status === undefined) return exitStatus.done;
    const lines = describe(status, context.output.width);
    if (lines.join("\n") === shown) continue;
    context.output.lines([...(shown === "" ? [] : [""]), ...lines]);
    context.output.flush();
    shown = lines.join("\n");
  }
}

/** How a session stands; undefined once one that was there is gone. @throws {SessionNotFoundError} */
async function statusOf(session: string, wasThere: boolean): Promise<SessionStatus | undefined> {
  try {
    const answer = await askSession(session, { ask: "status" });
    return "status" in answer ? answer.status : undefined;
  } catch (error) {
    if (wasThere && error instanceof SessionNotFoundError) return undefined;
    throw error;
  }
}

/** `rehome clone log`. */
export async function runCloneLog(
  { session, node, follow }: CloneLogCall,
  { output }: CommandContext,
): Promise<ExitStatus> {
  for (let at = 0; ; await wait(lookEveryMs)) {
    // Asked before the log is read: what a session's last moments wrote is printed too.
    const isOver = !follow || !(await isServed(session));
    const text = textSince(session, node, at, isOver);
    // A line that is being written is printed when it is whole.
    const end = text.lastIndexOf("\n") + 1;
    at += end;
    if (end > 0) output.lines(text.toString("utf8", 0, end - 1).split("\n"));
    output.flush();
    if (isOver) return exitStatus.done;
  }
}

/** A node that has nothing to tell yet is waited for as long as it can come. @throws {SessionNotFoundError} */
function textSince(session: string, node: string, at: number, isOver: boolean): Buffer {
  try {
    return readNodeLog(session, node, at);
  } catch (error) {
    if (!isOver && error instanceof SessionNotFoundError) return Buffer.alloc(0);
    throw error;
  }
}

/** `rehome clone exec`. */
export async function runCloneExec(call: CloneExecCall, context: CommandContext): Promise<ExitStatus> {
  const { session, node, command } = call;
  const answer = await askSession(session, { ask: "exec", node, words: command });
  const status = "exitStatus" in answer ? answer.exitStatus : 0;
  context.messages.remark(
    `the command ended with status ${status}; \`rehome clone log ${session} ${node}\` has its output`,
  );
  return status === 0 ? exitStatus.done : exitStatus.incomplete;
}

async function show({ session }: CloneSessionCall, ask: "go" | "status", context: CommandContext): Promise<ExitStatus> {
  const answer = await askSession(session, { ask });
  if (!("status" in answer)) return exitStatus.failed;
  if (context.common.json) context.output.document(answer.status);
  else context.output.lines(describe(answer.status, context.output.width));
  return exitStatus.done;
}

const columns: readonly Column<NodeStatus>[] = [
  { title: "NODE", cell: ({ name }) => name, cuttable: true },
  { title: "ADDRESS", cell: ({ address }) => address, dispensable: 1 },
  { title: "STATE", cell: ({ state, aside }) => (aside && state === "running" ? "running aside" : state) },
  {
    title: "HAS",
    cell: ({ complete, lacking }) =>
      complete + lacking === 0 ? "" : `${Math.floor((complete * 100) / (complete + lacking))} %`,
    align: "right",
  },
];

function describe({ session, started, nodes }: SessionStatus, width: number): string[] {
  return [`session ${session} ${started ? "has started" : "waits for nodes"}`, ...formatTable(columns, nodes, width)];
}

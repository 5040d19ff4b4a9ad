import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { askSession, readNodeLog, type NodeStatus, type SessionStatus } from "../../../library/clone/session-door.ts";
import type { CommandContext } from "../../command-context.ts";
import type { CloneExecCall, CloneLogCall, CloneSessionCall } from "../../definition/index.ts";
import { formatTable, type Column } from "../../render/table.ts";

/** `rehome clone go`. */
export async function runCloneGo(call: CloneSessionCall, context: CommandContext): Promise<ExitStatus> {
  return await show(call, "go", context);
}

/** `rehome clone status`. */
export async function runCloneStatus(call: CloneSessionCall, context: CommandContext): Promise<ExitStatus> {
  return await show(call, "status", context);
}

/** `rehome clone log`. */
export function runCloneLog({ session, node }: CloneLogCall, context: CommandContext): Promise<ExitStatus> {
  context.output.lines(readNodeLog(session, node).trimEnd().split("\n"));
  return Promise.resolve(exitStatus.done);
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

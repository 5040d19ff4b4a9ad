import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import type { CommandContext } from "../../command-context.ts";
import { commandNames, groups, type HelpCall } from "../../definition/index.ts";
import { exitStatusRows, renderHelp } from "../../help/render-help.ts";
import { formatTable, type Column } from "../../render/table.ts";

type StatusRow = ReturnType<typeof exitStatusRows>[number];

const columns: readonly Column<StatusRow>[] = [
  { title: "STATUS", cell: ({ status }) => String(status), align: "right" },
  { title: "MEANING", cell: ({ meaning }) => meaning, cuttable: true },
];

/** `rehome help`. */
export async function runHelp(call: HelpCall, { common, output }: CommandContext): Promise<ExitStatus> {
  const topic = call.topic.join(" ");
  if (topic === "exit-status") {
    if (common.json) output.document({ exitStatus: exitStatusRows() });
    else output.lines(formatTable(columns, exitStatusRows(), output.width));
    return exitStatus.done;
  }
  if (topic !== "" && !(commandNames as readonly string[]).includes(topic) && !Object.hasOwn(groups, topic))
    throw new UsageError(
      `cannot show help about "${topic}": there is no such topic`,
      "`rehome --help` lists the commands; `exit-status` is a topic too.",
    );
  const lines = renderHelp(topic, output.width);
  if (common.json) output.document({ topic, text: lines.join("\n") });
  else output.lines(lines);
  return exitStatus.done;
}

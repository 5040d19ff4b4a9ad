import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import type { CommandContext } from "../../command-context.ts";
import { completionScripts } from "../../completion/scripts.ts";
import type { CompletionCall } from "../../definition/index.ts";

/** `rehome completion`. */
export async function runCompletion(
  { shell }: CompletionCall,
  { common, output }: CommandContext,
): Promise<ExitStatus> {
  const script = completionScripts[shell];
  if (common.json) output.document({ shell, script });
  else output.bytes(Buffer.from(script));
  return exitStatus.done;
}

import type { JoinWatcher } from "../../../library/jobs/kinds/clone/session-of-job.ts";
import type { CommandContext } from "../../command-context.ts";

/** Shows the lines of a join as they come. */
export function watcherOf({ messages }: CommandContext): Required<JoinWatcher> {
  return { onLine: (line) => messages.remark(line) };
}

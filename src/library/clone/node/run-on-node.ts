import { throwIfInterrupted } from "../../../core/errors.ts";
import { runTool } from "../../../host/processes.ts";

const longestMs = 2 ** 31 - 1;

/** What a program is run with. */
export interface RunningOnNode {
  readonly env?: Readonly<Record<string, string>>;
  /** Aborted to end it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a program on this node for the golden node, or after a join; its output goes line by line to `onLine`.
 *
 * @returns 127 if it could not be run. @throws {InterruptedError}
 */
export async function runOnNode(
  [program = "", ...args]: readonly string[],
  onLine: (line: string) => void,
  { env = {}, signal }: RunningOnNode = {},
): Promise<number> {
  try {
    return (await runTool(program, args, { timeoutMs: longestMs, onLine, env, ...(signal && { signal }) })).exitCode;
  } catch (error) {
    throwIfInterrupted(signal, program);
    onLine((error as Error).message);
    return 127;
  }
}

import { runTool } from "../../../host/processes.ts";

const longestMs = 2 ** 31 - 1;

/** Runs a program on this node for the golden node, or after a join; its output goes line by line to `onLine`. @returns 127 if it could not be run. */
export async function runOnNode(
  [program = "", ...args]: readonly string[],
  onLine: (line: string) => void,
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  try {
    return (await runTool(program, args, { timeoutMs: longestMs, onLine, env })).exitCode;
  } catch (error) {
    onLine((error as Error).message);
    return 127;
  }
}

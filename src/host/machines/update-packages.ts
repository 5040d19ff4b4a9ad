import { nspawnSandbox } from "../prepare/sandbox.ts";
import { runTool } from "../processes.ts";

const timeoutMs = 60 * 60_000;
const aptEnvironment = { DEBIAN_FRONTEND: "noninteractive" };

/** How a row of commands ended: the first that failed ends it. */
export interface UpdateEnded {
  readonly succeeded: boolean;
  /** The end of what was written. */
  readonly output: string;
}

/**
 * Runs commands of a package manager, one after the other: those of the tree at `root` in a sandbox with the network of this
 * host, those of this host itself (`/`) as they are.
 */
export async function runPackageCommands(
  root: string,
  commands: readonly (readonly string[])[],
  signal?: AbortSignal,
): Promise<UpdateEnded> {
  let output = "";
  for (const [program = "", ...words] of commands) {
    const { exitCode, text } =
      root === "/" ? await runHere(program, words, signal) : await runIn(root, [program, ...words], signal);
    output += text;
    if (exitCode !== 0) return { succeeded: false, output };
  }
  return { succeeded: true, output };
}

interface CommandEnded {
  readonly exitCode: number;
  readonly text: string;
}

async function runHere(program: string, words: readonly string[], signal?: AbortSignal): Promise<CommandEnded> {
  const { exitCode, stdout, stderr } = await runTool(program, words, {
    timeoutMs,
    env: aptEnvironment,
    ...(signal && { signal }),
  });
  return { exitCode, text: stdout + stderr };
}

async function runIn(root: string, argv: readonly string[], signal?: AbortSignal): Promise<CommandEnded> {
  const proxies = Object.entries(process.env).filter(([name]) => /_proxy$/i.test(name));
  const { exitCode, output } = await nspawnSandbox.run(root, argv, {
    env: { ...Object.fromEntries(proxies.map(([name, value]) => [name, value ?? ""])), ...aptEnvironment },
    timeoutMs,
    bind: [],
    device: undefined,
    hasNetwork: true,
    signal,
  });
  return { exitCode, text: output };
}

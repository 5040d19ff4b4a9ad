import type { BuildContext } from "../checkpoint/constructor.ts";
import { ProgramFailedError } from "../errors.ts";
import type { ProgramOptions } from "../ports.ts";

const shownLines = 3;

/** Where a program runs. */
export type Where = { readonly in: "host" } | { readonly in: "tree"; readonly hasNetwork: boolean };

/**
 * Runs a program for a checkpoint: what it says goes to the detailed log, and counts as progress line by line.
 *
 * @throws {ProgramFailedError} If it ends with another status than 0; with the last lines that it wrote.
 */
export async function runProgram(
  context: BuildContext,
  where: Where,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { programs } = context.ports;
  const [command = ""] = argv;
  const last: string[] = [];
  const progress = { version: 1, phase: `running ${command}`, bytes: 0, waitsFor: command } as const;
  let items = 0;
  const tell = (): void => context.onProgress({ ...progress, items });
  tell();
  const options: ProgramOptions = {
    env,
    signal: context.signal,
    onLine(line) {
      context.detail(line);
      if (line.trim() !== "" && last.push(line) > shownLines) last.shift();
      items++;
      tell();
    },
  };
  const exitCode =
    where.in === "host"
      ? await programs.runOnHost(argv, options)
      : await programs.runInTree(context.root, argv, { ...options, hasNetwork: where.hasNetwork });
  if (exitCode !== 0) throw new ProgramFailedError(command, exitCode, last);
}

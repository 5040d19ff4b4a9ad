import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** The program of this checkout, run from its source, and the words that Node needs before it. */
export const program: readonly [string, ...string[]] = [
  process.execPath,
  "--disable-warning=ExperimentalWarning",
  join(import.meta.dirname, "../../src/cli/main.ts"),
];

/** How a run ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A place of its own for a test: what rehome keeps lies there, and runs begin in `directory`. */
export interface Sandbox {
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Runs the program to its end. */
  readonly run: (...words: readonly string[]) => Ended;
  /** Runs the program with `--json`, and reads the document it prints. */
  readonly document: (...words: readonly string[]) => { readonly status: number | null; readonly document: unknown };
  /** Starts the program. */
  readonly start: (...words: readonly string[]) => ChildProcessWithoutNullStreams;
}

/** Makes a {@link Sandbox} in a directory that is removed after the test. */
export function sandbox(context: TestContext, directory: string = temporaryDirectory(context)): Sandbox {
  const environment = {
    ...process.env,
    REHOME_STATE_DIR: join(directory, "state"),
    REHOME_HOOKS_DIR: join(directory, "hooks"),
    REHOME_PREPARE_DIR: join(directory, "prepare"),
    REHOME_MACHINES_DIR: join(directory, "machines"),
    REHOME_RULES: join(directory, "validate.yaml"),
    REHOME_NSPAWN_DIR: join(directory, "etc/nspawn"),
    REHOME_STORE: undefined,
    FORCE_COLOR: undefined,
    NODE_OPTIONS: undefined,
  };
  mkdirSync(join(directory, "machines"));
  const [node, ...words] = program;
  const run = (...args: readonly string[]): Ended => {
    const options = { cwd: directory, env: environment, encoding: "utf8", maxBuffer: 64 * 2 ** 20 } as const;
    const { status, stdout, stderr } = spawnSync(node, [...words, ...args], options);
    return { status, stdout, stderr };
  };
  return {
    directory,
    environment,
    run,
    document: (...args) => {
      const { status, stdout } = run(...args, "--json");
      return { status, document: JSON.parse(stdout) as unknown };
    },
    start: (...args) => spawn(node, [...words, ...args], { cwd: directory, env: environment }),
  };
}

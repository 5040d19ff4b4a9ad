import { spawn } from "node:child_process";
import { accessSync, constants, readdirSync, statSync } from "node:fs";
import type { MachineOperation } from "../journeys/machine/states/machine-state.ts";
import type { HookResult } from "../system/capture/ports.ts";

const hookTimeoutMs = 5 * 60 * 1000;
const maxOutputBytes = 64 * 1024;
/** How long output is waited for after a hook has ended. */
const outputGraceMs = 500;

/** When hooks run: before or after an operation. */
export type HookTime = `${"pre" | "post"}-${"capture" | MachineOperation}`;

/** How many hooks there are. */
export function countHooks(directory: string, when: string): number {
  return listHooks(directory, when).length;
}

/**
 * Runs the executables in `DIRECTORY/WHEN.d`, by name, one after the other, each in a process group of its own that is ended
 * when its time is out. A hook before something that fails ends the row; those after it all run.
 */
export async function runHooks(
  directory: string,
  when: HookTime,
  variables: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<HookResult[]> {
  const results: HookResult[] = [];
  for (const path of listHooks(directory, when)) {
    const unsafe = whyUnsafe(path);
    const result =
      unsafe !== undefined
        ? { path, exitCode: 126, timedOut: false, output: `not run: ${unsafe}` }
        : await runHook(path, { ...process.env, ...variables, REHOME_HOOK: when }, signal);
    results.push(result);
    if (result.exitCode !== 0 && when.startsWith("pre-")) break;
  }
  return results;
}

function listHooks(directory: string, when: string): string[] {
  return listExecutables(`${directory}/${when}.d`);
}

/** The paths of the executables in a directory of this host, by name; none where there is no directory. */
export function listExecutables(directory: string): string[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  return names
    .filter((name) => /^[A-Za-z0-9_.-]+$/.test(name) && !name.endsWith("~"))
    .toSorted()
    .map((name) => `${directory}/${name}`)
    .filter(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Why an executable of this host must not run, if so: someone other than this user and root could have changed it. */
export function whyUnsafe(path: string): string | undefined {
  const { uid, mode } = statSync(path);
  if (uid !== 0 && uid !== process.getuid?.()) return `it belongs to user ${uid}`;
  return (mode & 0o022) === 0 ? undefined : "others than its owner may write it";
}

function runHook(path: string, env: NodeJS.ProcessEnv, signal: AbortSignal | undefined): Promise<HookResult> {
  return new Promise((resolve) => {
    const child = spawn(path, [], { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    let output = "";
    let timedOut = false;
    const take = (bytes: Buffer): void => {
      if (output.length < maxOutputBytes) output += bytes.toString("utf8");
    };
    const end = (): void => {
      if (child.pid !== undefined) tryKill(-child.pid);
    };
    const timer = setTimeout(
      () => {
        timedOut = true;
        end();
      },
      Number(env["REHOME_HOOK_TIMEOUT_MS"] ?? hookTimeoutMs),
    );
    signal?.addEventListener("abort", end, { once: true });
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => {
      output += error.message;
    });
    let leftBehind: NodeJS.Timeout | undefined;
    child.on("exit", () => {
      // A daemon that the hook started may hold its output open for good.
      leftBehind = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, outputGraceMs);
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      clearTimeout(leftBehind);
      signal?.removeEventListener("abort", end);
      const consistency = /^consistency=(\w+)$/m.exec(output)?.[1];
      resolve({ path, exitCode: code ?? 255, timedOut, output, ...(consistency !== undefined && { consistency }) });
    });
  });
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

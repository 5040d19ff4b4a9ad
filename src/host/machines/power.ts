import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { InterruptedError } from "../../core/errors.ts";
import { findTool, runTool, ToolFailedError } from "../processes.ts";
import { findSupervisor, firstProcessesOf, isSupervising } from "./supervisor.ts";
import { readMachineCommand } from "./unit-template.ts";

const lookEveryMs = 100;
/** How long systemd-nspawn may tidy up once its machine was ended. */
const tidyGraceMs = 10_000;
const startTimeoutMs = 120_000;

/** Starts a machine as its unit says, and waits until it says that it runs. @throws {ToolFailedError} @throws {InterruptedError} */
export async function startUnit(name: string, signal: AbortSignal): Promise<void> {
  // Drop-ins may have been written since systemd looked last.
  await runTool("systemctl", ["daemon-reload"], { mustSucceed: true, signal });
  const { exitCode } = await runTool("systemctl", ["start", "--", unitOf(name)], { signal, timeoutMs: startTimeoutMs });
  if (exitCode === 0) return;
  // systemctl says no more than where to look; what systemd-nspawn itself said is the reason.
  const own = ["--boot", "--quiet", "--output=cat", "--lines=20", `_SYSTEMD_UNIT=${unitOf(name)}`];
  const { stdout } = await runTool("journalctl", own, { signal });
  throw new ToolFailedError("systemctl", "exit-status", `${unitOf(name)} did not start`, { exitCode, stderr: stdout });
}

/**
 * Starts a machine by systemd-nspawn itself, for hosts where systemd does not run, and waits until its first process was
 * started. What systemd-nspawn and the machine's console say goes to the file `log`; both outlive this process.
 *
 * @throws {ToolFailedError} @throws {InterruptedError}
 */
export async function startDirectly(
  { name, directory, log }: { readonly name: string; readonly directory: string; readonly log: string },
  signal: AbortSignal,
): Promise<void> {
  const [tool = "", ...words] = readMachineCommand().map((word) => word.replaceAll("%i", name));
  const program = findTool(tool);
  if (program === undefined) throw new ToolFailedError(tool, "not-found", "it is not installed");
  const own = [`--directory=${directory}`, "--register=no", "--console=read-only"];
  const output = openSync(log, "a", 0o600);
  let ended: string | undefined;
  try {
    const child = spawn(program, [...words.filter((word) => !word.startsWith("--link-journal")), ...own], {
      detached: true,
      stdio: ["ignore", output, output],
      env: { ...process.env, ...unifiedCgroups() },
    });
    child.once("error", (error) => (ended = error.message));
    child.once(
      "exit",
      (code, by) => (ended = code === null ? `it was ended by ${by}` : `it ended with status ${code}`),
    );
    child.unref();
  } finally {
    closeSync(output);
  }
  const until = performance.now() + startTimeoutMs;
  for (;;) {
    const found = findSupervisor(directory);
    if (found !== undefined && firstProcessesOf(found).length > 0) return;
    if (ended !== undefined)
      throw new ToolFailedError(tool, "exit-status", ended, { stderr: readFileSync(log, "utf8") });
    if (signal.aborted) throw new InterruptedError(tool);
    if (performance.now() > until)
      throw new ToolFailedError(tool, "timed-out", `the machine is not up after ${startTimeoutMs} ms`);
    await wait(lookEveryMs);
  }
}

/** Has a machine shut down, without waiting for it; by force it is ended at once. @throws {ToolFailedError} */
export async function endMachine(name: string, directory: string, { isUnit, force }: EndOptions): Promise<void> {
  if (isUnit && (await isActive(name))) {
    if (force) await runTool("systemctl", ["kill", "--signal=KILL", "--", unitOf(name)], { mustSucceed: true });
    await runTool("systemctl", ["stop", "--no-block", "--", unitOf(name)], { mustSucceed: true });
    return;
  }
  const found = findSupervisor(directory);
  if (found === undefined) return;
  if (!force) {
    // It asks the machine's first process to shut down.
    kill(found.pid, "SIGTERM");
    return;
  }
  // With its first process all of a machine is gone, and systemd-nspawn tidies up; one that hangs itself is ended too.
  for (const pid of firstProcessesOf(found)) kill(pid, "SIGKILL");
  const until = performance.now() + tidyGraceMs;
  while (isSupervising(found) && performance.now() < until) await wait(lookEveryMs);
  if (isSupervising(found)) kill(found.pid, "SIGKILL");
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** How a machine is to be ended. */
interface EndOptions {
  /** Units of this host's systemd may be its own. */
  readonly isUnit: boolean;
  readonly force: boolean;
}

async function isActive(name: string): Promise<boolean> {
  const { stdout } = await runTool("systemctl", ["is-active", "--", unitOf(name)]);
  return !["inactive", "failed", "unknown"].includes(stdout.trim());
}

function unitOf(name: string): string {
  return `systemd-nspawn@${name}.service`;
}

/** systemd-nspawn asks systemd which hierarchy a machine is to have; where there is none, it is that of the host. */
function unifiedCgroups(): Readonly<Record<string, string>> {
  return existsSync("/sys/fs/cgroup/cgroup.controllers") ? { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" } : {};
}

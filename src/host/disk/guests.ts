import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Guest, GuestPorts } from "../../system/disk/boot-test/test-boot.ts";
import type { ToolCommand } from "../../system/disk/commands/tool-command.ts";
import { findTool, ToolFailedError } from "../processes.ts";

/** The {@link GuestPorts} of this host. */
export const guestPorts: GuestPorts = {
  start: startGuest,
  copyFile(from) {
    const folder = mkdtempSync(join(tmpdir(), "rehome-copy-"));
    const path = join(folder, "copy");
    copyFileSync(from, path);
    return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  },
};

function startGuest({ command, args }: ToolCommand, signal: AbortSignal): Guest {
  const [setpriv, program] = [findTool("setpriv"), findTool(command)];
  if (setpriv === undefined || program === undefined)
    throw new ToolFailedError(program === undefined ? command : "setpriv", "not-found", "it is not installed");
  // The kernel ends it with this process, however that dies.
  const child = spawn(setpriv, ["--pdeathsig", "KILL", "--", program, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  // It may end while something is typed; that it ended is seen elsewhere.
  child.stdin.on("error", () => {});
  let complaint = "";
  child.stderr.on("data", (bytes: Buffer) => (complaint = (complaint + bytes.toString("utf8")).slice(-4000)));
  const end = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  return {
    console: consoleOf(),
    type: (text) => void child.stdin.write(text, "latin1"),
    async [Symbol.asyncDispose]() {
      signal.removeEventListener("abort", end);
      end();
      await ended;
    },
  };

  async function* consoleOf(): AsyncGenerator<string> {
    child.stdout.setEncoding("latin1");
    for await (const piece of child.stdout) yield piece as string;
    await ended;
    if (child.exitCode !== 0 && child.exitCode !== null)
      throw new ToolFailedError(command, "exit-status", `it ended with status ${child.exitCode}`, {
        exitCode: child.exitCode,
        stderr: complaint,
      });
  }
}

import { findTool, ToolFailedError } from "../processes.ts";

const marker = "REHOME_PRIVATE_MOUNTS";

/**
 * Gives this process a mount namespace of its own, in which it sees what the host mounts but nobody sees what it mounts. The kernel takes
 * all of that down when the process ends, however it ends; with it go the loop devices below.
 *
 * The program begins anew with the same process id, arguments and environment, so this is called before anything else is done.
 *
 * @throws {ToolFailedError} If `unshare` is missing.
 */
export function ensurePrivateMounts(): void {
  if (process.env[marker] === String(process.pid)) {
    delete process.env[marker];
    return;
  }
  const unshare = findTool("unshare");
  if (unshare === undefined || process.execve === undefined)
    throw new ToolFailedError("unshare", "not-found", "it is not installed");
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const env = { ...process.env, [marker]: String(process.pid) };
  process.execve(unshare, ["unshare", "--mount", "--propagation", "slave", "--", ...program], env);
}

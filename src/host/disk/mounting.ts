import { setTimeout as delay } from "node:timers/promises";
import { readMounts } from "../file-systems.ts";
import { runTool, ToolFailedError } from "../processes.ts";

const timeoutMs = 10 * 60_000;
const unmountAttempts = 10;

/**
 * Mounts a block device, without set-user-ID programs, devices and times of access, until it is disposed of. Unmounting tries again for two seconds
 * while something is busy there.
 *
 * @throws {ToolFailedError} @throws {InterruptedError}
 */
export async function mountDevice(
  device: string,
  directory: string,
  type: string,
  options: readonly string[],
  signal?: AbortSignal,
): Promise<AsyncDisposable> {
  const words = ["-t", type, "-o", ["nosuid", "nodev", "noatime", ...options].join(","), "--", device, directory];
  await runTool("mount", words, { timeoutMs, mustSucceed: true, ...(signal && { signal }) });
  return { [Symbol.asyncDispose]: async () => await unmount(directory) };
}

/** Unmounts what is mounted at `directory`. @throws {ToolFailedError} If it stays busy. */
async function unmount(directory: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await runTool("umount", ["--", directory], { timeoutMs, mustSucceed: true });
      return;
    } catch (error) {
      if (!(error instanceof ToolFailedError) || error.failure !== "exit-status" || attempt === unmountAttempts)
        throw error;
      await delay(200);
    }
  }
}

/** Unmounts everything at `directory` and below it, the deepest first: what a process that was killed left. */
export async function unmountBelow(directory: string): Promise<void> {
  const left = readMounts()
    .map(({ mountPoint }) => mountPoint)
    .filter((mountPoint) => mountPoint === directory || mountPoint.startsWith(`${directory}/`));
  for (const mountPoint of left.toReversed()) await unmount(mountPoint);
}

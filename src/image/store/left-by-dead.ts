import { readdirSync, rmSync } from "node:fs";

/**
 * Removes files of a directory that processes left which have ended since.
 *
 * @param pattern Of the names of such files; its first group is the pid.
 */
export function removeLeftByDead(directory: string, pattern: RegExp): void {
  for (const name of readdirSync(directory)) {
    const pid = Number(pattern.exec(name)?.[1]);
    if (Number.isInteger(pid) && pid > 0 && !isRunning(pid)) rmSync(`${directory}/${name}`, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

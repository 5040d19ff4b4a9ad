import { readdirSync, statSync } from "node:fs";

/** The id of a process that has the directory `root` as its root directory: a machine that runs, or someone in a chroot. */
export function findProcessIn(root: string): number | undefined {
  const { dev, ino } = statSync(root, { bigint: true });
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        const own = statSync(`/proc/${pid}/root/`, { bigint: true });
        return own.dev === dev && own.ino === ino;
      } catch {
        return false; // it has ended, or belongs to somebody else
      }
    });
}

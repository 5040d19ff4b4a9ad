import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { treeLock, treeLockByInode } from "./running.ts";

/** The systemd-nspawn process that a machine runs under; the start time tells it from a later process of the same id. */
export interface Supervisor {
  readonly pid: number;
  /** Clock ticks since the boot, as proc(5) has it. */
  readonly startedAt: string;
}

/** Finds the process that holds the lock on a machine's tree; undefined if there is none that can be seen. */
export function findSupervisor(directory: string): Supervisor | undefined {
  const locks = new Set([treeLock(directory), treeLockByInode(directory)]);
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry) || textOf(`/proc/${entry}/comm`)?.trim() !== "systemd-nspawn") continue;
    if (!openFilesOf(entry).some((path) => locks.has(path))) continue;
    const startedAt = startOf(entry);
    // Its child has the same name until it becomes the machine's first process, and the lock is not passed on to it.
    if (startedAt !== undefined) return { pid: Number(entry), startedAt };
  }
  return undefined;
}

/** Says whether it still runs. */
export function isSupervising({ pid, startedAt }: Supervisor): boolean {
  return startOf(String(pid)) === startedAt;
}

/** The first process of a machine, as this host numbers it; none before it was started. */
export function firstProcessesOf({ pid }: Supervisor): readonly number[] {
  const words = textOf(`/proc/${pid}/task/${pid}/children`)?.trim().split(" ") ?? [];
  return words.filter((word) => word !== "").map(Number);
}

/** Field 22 of `/proc/PID/stat`; the name before it may hold anything but ends with the last `)`. A dead process has none. */
function startOf(pid: string): string | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" || fields?.[0] === "X" ? undefined : fields?.[19];
}

function openFilesOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((file) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${file}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}

/** Says whether systemd is the first process of this host (sd_booted(3)). */
export function isSystemdRunning(): boolean {
  return statSync("/run/systemd/system", { throwIfNoEntry: false })?.isDirectory() === true;
}

import { readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isFileLocked } from "../file-locks.ts";
import { errnoNameOf } from "../system-call-error.ts";

const registered = "/run/systemd/machines";
const treeLocks = "/run/systemd/nspawn/locks";

/**
 * Says whether a machine runs from a directory: systemd has it registered, or systemd-nspawn holds its lock on the tree,
 * which it has also for machines that it did not register.
 */
export function isMachineRunning(directory: string, name: string = basename(directory)): boolean {
  if (isMachineRegistered(directory, name)) return true;
  return [treeLock(directory), treeLockByInode(directory)].some((path) => path !== "" && isLocked(path));
}

/** The file beside a tree that systemd-nspawn keeps locked while the machine runs. */
export function treeLock(directory: string): string {
  return join(dirname(directory), `.#${basename(directory)}.lck`);
}

/** A second one, by the directory's inode, for trees that are reached by several paths; empty where there is no directory. */
export function treeLockByInode(directory: string): string {
  const stat = statSync(directory, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? "" : join(treeLocks, `inode-${stat.dev}:${stat.ino}`);
}

/** Says whether systemd has a machine registered as running, which any user may see. */
export function isMachineRegistered(directory: string, name: string): boolean {
  return registeredRoot(name) === directory;
}

function registeredRoot(name: string): string | undefined {
  const file = join(registered, name);
  try {
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    return /^ROOT=(.*)$/m.exec(readFileSync(file, "utf8"))?.[1];
  } catch (error) {
    if (errnoNameOf(error) !== undefined) return undefined;
    throw error;
  }
}

/** A lock that this user may not look at is somebody's. */
function isLocked(path: string): boolean {
  try {
    return isFileLocked(path);
  } catch (error) {
    if (errnoNameOf(error) === "EACCES") return true;
    if (errnoNameOf(error) === "ENOTDIR") return false;
    throw error;
  }
}

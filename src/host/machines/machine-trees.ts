import { closeSync, lstatSync, openSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { byteStringFromText } from "../../core/tree/byte-string.ts";
import { isMounted, syncFileSystemLater } from "../file-systems.ts";
import * as libc from "../libc.ts";
import { openNamespaces } from "../namespaces.ts";
import { findTool, runTool, ToolFailedError } from "../processes.ts";
import { SystemCallError } from "../system-call-error.ts";
import { removeTree } from "../tree/remove-tree.ts";

const btrfsMagic = 0x9123_683e;
/** The root directory of every btrfs subvolume. */
const subvolumeInode = 256;
const renameNoReplace = 1;
const renameExchange = 2;
/** Copying a machine takes as long as it takes. */
const timeoutMs = 2 ** 31 - 1;

/** How a machine's tree was copied: all of it at one instant, or file by file, with extents shared where the file system can. */
export type CopyWay = "snapshot" | "copy";

/** Says whether {@link copyMachineTree} would try a btrfs snapshot. */
export function canSnapshot(directory: string): boolean {
  return isSubvolume(directory) && findTool("btrfs") !== undefined;
}

/**
 * Copies a machine's tree to `target`, which is not there and lies beside it or on another file system; durable on return.
 * No symlink of the source is followed, whatever the machine does meanwhile. With `isLive`, what vanishes meanwhile is left out.
 *
 * @throws {ToolFailedError} @throws {InterruptedError}
 */
export async function copyMachineTree(
  source: string,
  target: string,
  { isLive, signal }: { readonly isLive: boolean; readonly signal?: AbortSignal },
): Promise<CopyWay> {
  const way = (await takeSnapshot(source, target, signal)) ? "snapshot" : "copy";
  if (way === "copy") await copyFiles(source, target, isLive, signal);
  const directory = openSync(target, "r");
  try {
    await syncFileSystemLater(directory);
  } finally {
    closeSync(directory);
  }
  return way;
}

/** Removes a machine's tree, btrfs subvolumes too; does nothing if there is none. */
export async function removeMachineTree(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (stat.isDirectory() && isOnBtrfs(path) && findTool("btrfs") !== undefined) await deleteSubvolumesBelow(path);
  if (stat.isDirectory() && canSnapshot(path)) {
    await runTool("btrfs", ["property", "set", "-f", path, "ro", "false"]);
    await runTool("btrfs", ["subvolume", "delete", "--commit-after", path], { timeoutMs });
  }
  await removeTree(path);
}

/**
 * A systemd makes subvolumes in its machine (`/var/lib/machines`, `/srv` …), at which `rm` would stop as at mounts. Their names are
 * the machine's to choose, and pass through no text. What cannot be deleted is left to the one who removes the tree, to complain.
 */
async function deleteSubvolumesBelow(path: string): Promise<void> {
  await using space = await openNamespaces();
  // Without what is mounted below it.
  await space.enter("mount", ["--bind", "--", path, path], { mustSucceed: true });
  const below = ["-mindepth", "1", "-type", "d", "-inum", String(subvolumeInode)];
  const writable = [path, ...below, "-exec", "btrfs", "property", "set", "-f", "{}", "ro", "false", ";"];
  const deleted = [path, "-depth", ...below, "-exec", "btrfs", "subvolume", "delete", "{}", ";"];
  for (const words of [writable, deleted]) await space.enter("find", words, { timeoutMs });
}

/** Gives a tree its place, durably, where nothing is yet. @throws {SystemCallError} */
export function moveMachineTree(from: string, to: string): void {
  rename(from, to, renameNoReplace);
}

/** Exchanges two trees, durably and at one instant. @throws {SystemCallError} */
export function exchangeMachineTrees(one: string, other: string): void {
  rename(one, other, renameExchange);
}

function rename(from: string, to: string, flag: number): void {
  const [source, target] = [from, to].map((path) => libc.cString(byteStringFromText(path)));
  if (libc.renameat2(libc.AT_FDCWD, source ?? null, libc.AT_FDCWD, target ?? null, flag) < 0)
    throw new SystemCallError("rename", byteStringFromText(`${from} to ${to}`));
  const directory = openSync(dirname(to), "r");
  try {
    libc.syncfs(directory);
  } finally {
    closeSync(directory);
  }
}

/** @returns false where no snapshot can be taken, and nothing was changed. */
async function takeSnapshot(source: string, target: string, signal: AbortSignal | undefined): Promise<boolean> {
  if (!canSnapshot(source)) return false;
  const options = { timeoutMs, ...(signal && { signal }) };
  const { exitCode, stdout } = await runTool("btrfs", ["subvolume", "list", "-o", source], options);
  // A snapshot has empty directories in the places of further subvolumes.
  if (exitCode !== 0 || stdout.trim() !== "") return false;
  return (await runTool("btrfs", ["subvolume", "snapshot", source, target], options)).exitCode === 0;
}

async function copyFiles(
  source: string,
  target: string,
  isLive: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using space = await openNamespaces();
  // Extents are shared only inside of one mount before Linux 5.18, so it holds both where it can.
  const seen = isMounted(source) || dirname(source) !== dirname(target) ? source : dirname(source);
  await space.enter("mount", ["--bind", "-o", "nosymfollow", "--", seen, seen], { mustSucceed: true });
  const words = ["--archive", "--reflink=auto", "--no-target-directory", "--", source, target];
  const { exitCode, stderr } = await space.enter("cp", words, { timeoutMs, ...(signal && { signal }) });
  const complaints = stderr.split("\n").filter((line) => line !== "" && !(isLive && isOfVanished(line)));
  if (exitCode !== 0 && (complaints.length > 0 || !isLive))
    throw new ToolFailedError("cp", "exit-status", `it ended with status ${exitCode}`, { exitCode, stderr });
}

function isOfVanished(line: string): boolean {
  return line.endsWith(": No such file or directory");
}

function isSubvolume(directory: string): boolean {
  const stat = statSync(directory, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.ino === subvolumeInode && isOnBtrfs(directory);
}

function isOnBtrfs(directory: string): boolean {
  return statfsSync(directory).type === btrfsMagic;
}

import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  statSync,
  utimesSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import { byteStringFromText } from "../../core/tree/byte-string.ts";
import type { RestorePlan } from "./plan.ts";
import type { RestorePorts } from "./ports.ts";

/** What was at a target before a restore, and what the restore puts there: enough to take it back at any moment. Plain data. */
export interface RestoreTrace {
  readonly target: string;
  readonly mode: "staged" | "in-place";
  /** Where the tree is made until it takes its place. */
  readonly stage?: string;
  /** The empty directory that was there; absent where nothing was. */
  readonly before?: { readonly mode: number; readonly uid: number; readonly gid: number; readonly mtimeMs: number };
  /** The highest directory above the target that was not there. */
  readonly firstMissing?: string;
  /** The tree itself, once it is about to take its place: a directory that somebody else puts there is not touched. */
  readonly root?: { readonly dev: number; readonly ino: number };
}

/** What must be known before a restore changes anything, so that it can be taken back. */
export function traceRestore({ target, mode, stage }: RestorePlan): RestoreTrace {
  const found = statSync(target, { throwIfNoEntry: false });
  let firstMissing: string | undefined;
  for (let path = dirname(target); !existsSync(path); path = dirname(path)) firstMissing = path;
  return {
    target,
    mode: mode === "in-place" ? "in-place" : "staged",
    ...(stage !== undefined && { stage }),
    ...(found && { before: { mode: found.mode & 0o7777, uid: found.uid, gid: found.gid, mtimeMs: found.mtimeMs } }),
    ...(firstMissing !== undefined && { firstMissing }),
  };
}

/** The identity of a directory; it stays the same when it is renamed. */
export function identityOf(path: string): { readonly dev: number; readonly ino: number } {
  const { dev, ino } = lstatSync(path);
  return { dev, ino };
}

/** Says whether the tree that a restore made is at its target. */
export function isInPlace({ target, mode, root }: RestoreTrace): boolean {
  const found = lstatSync(target, { throwIfNoEntry: false });
  if (mode === "in-place") return found !== undefined;
  return root !== undefined && found?.dev === root.dev && found.ino === root.ino;
}

/** Removes all that a restore made and puts back the empty directory that was there; does nothing the second time. */
export function takeBackRestore(trace: RestoreTrace, ports: Pick<RestorePorts, "tree" | "writer">): void {
  const { target, mode, stage, before, firstMissing } = trace;
  if (mode === "in-place") {
    removeBelow(target, ports);
    if (before) putBack(target, before);
    return;
  }
  if (isInPlace(trace)) {
    remove(target, ports);
    if (before) mkdirSync(target);
  }
  if (before && existsSync(target)) putBack(target, before);
  if (stage !== undefined && existsSync(stage)) remove(stage, ports);
  if (firstMissing !== undefined) removeEmpty(dirname(target), dirname(firstMissing));
}

function putBack(path: string, { mode, uid, gid, mtimeMs }: NonNullable<RestoreTrace["before"]>): void {
  const now = statSync(path);
  if (now.uid !== uid || now.gid !== gid) chownSync(path, uid, gid);
  chmodSync(path, mode);
  utimesSync(path, now.atimeMs / 1000, mtimeMs / 1000);
}

function removeBelow(path: string, { tree, writer }: Pick<RestorePorts, "tree" | "writer">): void {
  const directory = tree.openRoot(path);
  try {
    writer.clearProtection(directory);
    for (const name of tree.readNames(directory)) if (name !== lostAndFound) writer.remove(directory, name);
  } finally {
    tree.close(directory);
  }
}

const lostAndFound = byteStringFromText("lost+found");

function remove(path: string, { tree, writer }: Pick<RestorePorts, "tree" | "writer">): void {
  const parent = tree.openRoot(dirname(path));
  try {
    writer.remove(parent, byteStringFromText(basename(path)));
  } finally {
    tree.close(parent);
  }
}

/** Removes directories from `path` up to, and without, `last`, as long as nobody has put something in. */
function removeEmpty(path: string, last: string): void {
  for (let each = path; each !== last && existsSync(each) && readdirSync(each).length === 0; each = dirname(each))
    rmdirSync(each);
}

import { existsSync, lstatSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { byteStringFromText, type ByteString } from "../../core/tree/byte-string.ts";
import type { EntryMetadata } from "../../core/tree/entry.ts";
import type { TreeReader } from "../../core/tree/tree-reader.ts";
import type { RestorePlan } from "./plan.ts";
import type { RestorePorts } from "./ports.ts";
import { markerPath } from "./stage.ts";

/** What was at a target before a restore, and what the restore puts there: enough to take it back at any moment. Plain data. */
export interface RestoreTrace {
  readonly target: string;
  readonly mode: "staged" | "in-place";
  /** Where the tree is made until it takes its place. */
  readonly stage?: string;
  /** The empty directory that was there; absent where nothing was. */
  readonly before?: KeptMetadata;
  /** The highest directory above the target that was not there. */
  readonly firstMissing?: string;
  /** The tree itself, once it is about to take its place: a directory that somebody else puts there is not touched. */
  readonly root?: { readonly dev: number; readonly ino: number };
}

/** Metadata of a directory as JSON can say them: values of extended attributes in hex. */
type KeptMetadata = Omit<EntryMetadata, "xattrs"> & {
  readonly xattrs: readonly { readonly name: ByteString; readonly value: string }[];
};

/** What must be known before a restore changes anything, so that it can be taken back. */
export function traceRestore({ target, mode, stage }: RestorePlan, { tree }: Pick<RestorePorts, "tree">): RestoreTrace {
  let firstMissing: string | undefined;
  for (let path = dirname(target); !existsSync(path); path = dirname(path)) firstMissing = path;
  return {
    target,
    mode: mode === "in-place" ? "in-place" : "staged",
    ...(stage !== undefined && { stage }),
    ...(existsSync(target) && { before: keepMetadata(target, tree) }),
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

/** Says whether the restore came to its end: its tree is in its place, and what was needed on the way is gone. */
export function isFinished(trace: RestoreTrace): boolean {
  return trace.root !== undefined && isInPlace(trace) && !existsSync(markerPath(trace.stage, trace.target));
}

/** Removes all that a restore made and puts back the empty directory that was there; does nothing the second time. */
export function takeBackRestore(trace: RestoreTrace, ports: Pick<RestorePorts, "tree" | "writer">): void {
  const { target, mode, stage, before, firstMissing } = trace;
  if (mode === "in-place") {
    removeBelow(target, ports);
    if (before) putBack(target, before, ports);
    return;
  }
  if (isInPlace(trace)) {
    remove(target, ports);
    if (before) mkdirSync(target);
  }
  if (before && existsSync(target)) putBack(target, before, ports);
  if (stage !== undefined && existsSync(stage)) remove(stage, ports);
  if (firstMissing !== undefined) removeEmpty(dirname(target), dirname(firstMissing));
}

function keepMetadata(path: string, tree: TreeReader): KeptMetadata {
  const directory = tree.openRoot(path);
  try {
    const { mode, uid, gid, mtimeSec, mtimeNsec } = tree.statOpen(directory);
    const xattrs = tree.readXattrsOpen(directory).map(({ name, value }) => ({
      name,
      value: Buffer.from(value).toString("hex"),
    }));
    return { mode: mode & 0o7777, uid, gid, mtimeSec, mtimeNsec, flags: tree.readFlags(directory), xattrs };
  } finally {
    tree.close(directory);
  }
}

function putBack(path: string, before: KeptMetadata, { tree, writer }: Pick<RestorePorts, "tree" | "writer">): void {
  const xattrs = before.xattrs.map(({ name, value }) => ({ name, value: Buffer.from(value, "hex") }));
  const directory = tree.openRoot(path);
  try {
    writer.clearProtection(directory);
    writer.setOpenMetadata(directory, { ...before, xattrs }, { exact: true });
  } finally {
    tree.close(directory);
  }
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

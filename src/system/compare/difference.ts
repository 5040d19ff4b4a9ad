import type { TreePath } from "../../core/tree/byte-string.ts";
import type { Entry, EntryMetadata, ExtendedAttribute } from "../../core/tree/entry.ts";

/** What differs in an entry that both sides have. */
export type Aspect =
  | "kind"
  | "content"
  | "mode"
  | "owner"
  | "mtime"
  | "flags"
  | "xattrs"
  | "target"
  | "device"
  | "hard-link";

/** One path at which two trees differ. `added`: only the second has it; `removed`: only the first. */
export interface Difference {
  readonly path: TreePath;
  readonly change: "added" | "removed" | "changed";
  readonly aspects: readonly Aspect[];
}

/** Compares metadata; `ignoreMode` for symlinks, whose mode Linux does not keep. */
export function compareMetadata(a: EntryMetadata, b: EntryMetadata, ignoreMode: boolean): Aspect[] {
  const aspects: Aspect[] = [];
  if (!ignoreMode && a.mode !== b.mode) aspects.push("mode");
  if (a.uid !== b.uid || a.gid !== b.gid) aspects.push("owner");
  if (a.mtimeSec !== b.mtimeSec || a.mtimeNsec !== b.mtimeNsec) aspects.push("mtime");
  if (a.flags !== b.flags) aspects.push("flags");
  if (!haveSameXattrs(a.xattrs, b.xattrs)) aspects.push("xattrs");
  return aspects;
}

/** Says whether the content of an entry was left out of its image; what a manifest says of files with content does not count. */
export function isLeftOut(entry: Entry, leftOut: ReadonlySet<TreePath>): boolean {
  return entry.kind === "file" && entry.sizeBytes === 0 && leftOut.has(entry.path);
}

/** Compares two entries of images at one path. */
export function compareEntries(a: Entry, b: Entry): Aspect[] {
  if (a.kind === "link" || b.kind === "link") {
    if (a.kind !== b.kind) return ["hard-link"];
    return a.kind === "link" && b.kind === "link" && a.target !== b.target ? ["hard-link"] : [];
  }
  if (a.kind !== b.kind) return ["kind"];
  const aspects = compareMetadata(a, b, a.kind === "symlink");
  if (a.kind === "file" && b.kind === "file" && !haveSameContent(a, b)) aspects.unshift("content");
  if (a.kind === "symlink" && b.kind === "symlink" && a.target !== b.target) aspects.unshift("target");
  if (
    (a.kind === "character-device" || a.kind === "block-device") &&
    a.kind === b.kind &&
    (a.major !== b.major || a.minor !== b.minor)
  )
    aspects.unshift("device");
  return aspects;
}

function haveSameXattrs(a: readonly ExtendedAttribute[], b: readonly ExtendedAttribute[]): boolean {
  return (
    a.length === b.length && a.every(({ name, value }, at) => name === b[at]?.name && haveSameBytes(value, b[at].value))
  );
}

function haveSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

function haveSameContent(a: Entry & { kind: "file" }, b: Entry & { kind: "file" }): boolean {
  if (a.sizeBytes !== b.sizeBytes || a.pieces.length !== b.pieces.length) return false;
  return a.pieces.every((piece, at) => {
    const other = b.pieces[at];
    if (piece.kind !== other?.kind || piece.lengthBytes !== other.lengthBytes) return false;
    return piece.kind === "hole" || (other.kind === "chunk" && piece.id === other.id);
  });
}

import type { ByteString, TreePath } from "../../core/tree/byte-string.ts";
import type { Entry } from "../../core/tree/entry.ts";
import type { FileDescriptor } from "../../core/tree/tree-reader.ts";
import type { MetadataLoss, MetadataOptions } from "../../core/tree/tree-writer.ts";
import { FormatInvalidError } from "../../image/errors.ts";
import { inParent } from "../tree/in-parent.ts";
import type { RestorePorts } from "./ports.ts";

/** An entry that is made in one step: neither directory nor file nor further name. */
export type SpecialEntry = Exclude<Entry, { kind: "directory" | "file" | "link" }>;

/** Makes a symlink, device, FIFO or socket with its metadata; returns what could not be set. @throws {SystemCallError} */
export function makeSpecial(
  { writer }: RestorePorts,
  entry: SpecialEntry,
  parent: FileDescriptor,
  name: ByteString,
  options: MetadataOptions,
): MetadataLoss[] {
  if (entry.kind === "symlink") writer.makeSymlink(parent, name, entry.target);
  else if (entry.kind === "fifo" || entry.kind === "socket") writer.makeNode(parent, name, entry.kind, 0, 0);
  else writer.makeNode(parent, name, entry.kind, entry.major, entry.minor);
  return writer.setMetadata(parent, name, entry.kind === "symlink", entry, options);
}

/** Sets the metadata of an entry that is there. A further name has none of its own. @throws {SystemCallError} */
export function setMetadataOf(
  { tree, writer }: RestorePorts,
  entry: Exclude<Entry, { kind: "directory" }>,
  parent: FileDescriptor,
  name: ByteString,
  options: MetadataOptions,
): MetadataLoss[] {
  if (entry.kind === "link") return [];
  if (entry.kind !== "file") return writer.setMetadata(parent, name, entry.kind === "symlink", entry, options);
  const file = tree.openFile(parent, name);
  try {
    return writer.setOpenMetadata(file, entry, options);
  } finally {
    tree.close(file);
  }
}

/**
 * Makes a further name of an entry that is there; reaches that from `root` by single names.
 *
 * @throws {FormatInvalidError} If `target` is not there or is a directory: no capture writes that.
 */
export function makeLink(
  { tree, writer, isMissing }: RestorePorts,
  root: FileDescriptor,
  target: TreePath,
  parent: FileDescriptor,
  name: ByteString,
): void {
  try {
    inParent(tree, root, target, (directory, last) => {
      if (tree.stat(directory, last).kind === "directory")
        throw new FormatInvalidError("the tree index", "a link leads to a directory");
      writer.link(directory, last, parent, name);
    });
  } catch (error) {
    throw isMissing(error)
      ? new FormatInvalidError("the tree index", "a link leads to nothing before it", { cause: error })
      : error;
  }
}

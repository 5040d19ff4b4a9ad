import type { EntryContent, EntryMetadata } from "../../../core/tree/entry.ts";
import type { FileDescriptor, InodeStat, TreeReader } from "../../../core/tree/tree-reader.ts";
import type { WalkedEntry } from "../../tree/walk.ts";

/**
 * Reads an entry that is no regular file. A directory always stays, since what it holds needs it: what of its attributes
 * cannot be read is told to `onTrouble` and left out.
 */
export function readOtherEntry(
  tree: TreeReader,
  { stat, name, parent, self }: WalkedEntry,
  onTrouble: (error: unknown) => void,
): EntryMetadata & EntryContent {
  const attributes = self
    ? readDirectory(tree, self.file, onTrouble)
    : { flags: 0, xattrs: tree.readXattrs(parent.file, name) };
  const content =
    stat.kind === "symlink" ? { kind: stat.kind, target: tree.readLink(parent.file, name) } : contentOf(stat);
  const { mode, uid, gid, mtimeSec, mtimeNsec } = stat;
  return { mode, uid, gid, mtimeSec, mtimeNsec, ...attributes, ...content };
}

function readDirectory(
  tree: TreeReader,
  file: FileDescriptor,
  onTrouble: (error: unknown) => void,
): Pick<EntryMetadata, "flags" | "xattrs"> {
  try {
    return { flags: tree.readFlags(file), xattrs: tree.readXattrsOpen(file) };
  } catch (error) {
    onTrouble(error);
    return { flags: 0, xattrs: [] };
  }
}

function contentOf(stat: InodeStat): EntryContent {
  switch (stat.kind) {
    case "character-device":
    case "block-device":
      return { kind: stat.kind, major: stat.nodeMajor, minor: stat.nodeMinor };
    case "fifo":
    case "socket":
      return { kind: stat.kind };
    default:
      return { kind: "directory" };
  }
}

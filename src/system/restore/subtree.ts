import type { TreeReference } from "../../core/manifest/manifest.ts";
import { displayBytes, type TreePath } from "../../core/tree/byte-string.ts";
import type { Entry } from "../../core/tree/entry.ts";
import { isAtOrBelow } from "../../core/tree/walk-order.ts";
import { FormatInvalidError, PathNotFoundError } from "../../image/errors.ts";
import type { RestoreSource } from "../../image/store/chunk-source.ts";
import { readTree, TreeGuard } from "../../image/tree-index/tree-index-reader.ts";

/**
 * The entries at or below `path` with the directories that lead there. A further name of a file that lies elsewhere comes as
 * that file, and the ones after as further names of the first.
 *
 * @throws {PathNotFoundError} If there is nothing at `path`.
 */
export async function* selectSubtree(
  chunks: Pick<RestoreSource, "readChunk">,
  tree: TreeReference,
  path: TreePath,
): AsyncGenerator<Entry, void, undefined> {
  const outside = new Set<TreePath>();
  let found = false;
  for await (const entry of readTree(chunks, tree, path)) {
    found ||= entry.path === path;
    if (entry.kind === "link" && !isAtOrBelow(entry.target, path)) outside.add(entry.target);
  }
  if (!found) throw new PathNotFoundError(displayBytes(path));
  const files = new Map<TreePath, Entry>();
  if (outside.size > 0)
    for await (const entry of readTree(chunks, tree)) if (outside.has(entry.path)) files.set(entry.path, entry);
  const firstNames = new Map<TreePath, TreePath>();
  const guard = new TreeGuard();
  for await (const entry of readTree(chunks, tree, path)) {
    const selected =
      entry.kind === "link" && outside.has(entry.target) ? standIn(entry.path, entry.target, files, firstNames) : entry;
    guard.check(selected);
    yield selected;
  }
}

function standIn(
  path: TreePath,
  target: TreePath,
  files: ReadonlyMap<TreePath, Entry>,
  firstNames: Map<TreePath, TreePath>,
): Entry {
  const file = files.get(target);
  const first = firstNames.get(target);
  if (file === undefined || file.kind === "link" || file.kind === "directory")
    throw new FormatInvalidError("the tree index", "a link leads to nothing that can have further names");
  if (first === undefined) {
    firstNames.set(target, path);
    return { ...file, path };
  }
  return {
    path,
    kind: "link",
    target: first,
    mode: 0,
    uid: 0,
    gid: 0,
    mtimeSec: 0,
    mtimeNsec: 0,
    flags: 0,
    xattrs: [],
  };
}

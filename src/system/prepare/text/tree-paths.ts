import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import type { InodeStat } from "../../../core/tree/tree-reader.ts";
import type { Change } from "../operation.ts";
import type { TreeView } from "../ports.ts";

/** As much of a configuration file as is read. */
export const maxConfigBytes: number = 1 << 20;

/** A path that the program itself knows. */
export function at(path: string): TreePath {
  return path as TreePath;
}

/** What `path` leads to in the end. */
export function kindOf(tree: TreeView, path: TreePath): InodeStat["kind"] | undefined {
  return tree.stat(path)?.kind;
}

/** The paths in a directory whose names match. */
export function pathsIn(tree: TreeView, directory: string, name: RegExp): TreePath[] {
  return tree
    .list(at(directory))
    .filter((found) => name.test(found))
    .map((found) => `${directory}/${found}` as TreePath);
}

/** Says whether something has this name, a symlink that leads nowhere included. */
export function isThere(tree: TreeView, path: TreePath): boolean {
  return tree.linkTarget(path) !== undefined || kindOf(tree, path) !== undefined;
}

/** Removal of those of `paths` that are there. */
export function removals(tree: TreeView, paths: readonly TreePath[], what: string): Change[] {
  return paths.filter((path) => isThere(tree, path)).map((path) => ({ kind: "remove", path, what }));
}

/** The path of a program in a tree, as the tree sees it; undefined where it has none. */
export function findProgram(tree: TreeView, name: string): string | undefined {
  return ["usr/sbin", "usr/bin", "sbin", "bin"]
    .map((folder) => `${folder}/${name}`)
    .filter((path) => kindOf(tree, path as ByteString) === "file")
    .map((path) => `/${path}`)[0];
}

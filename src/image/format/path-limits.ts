import type { TreePath } from "../../core/tree/byte-string.ts";
import { limits } from "./limits.ts";

/** Says whether a path is short enough, and has few enough names, for an image (section 1). */
export function fitsPathLimits(path: TreePath): boolean {
  if (path.length > limits.pathBytes) return false;
  if (path.length < limits.pathNames * 2) return true;
  let names = 1;
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) names += 1;
  return names <= limits.pathNames;
}

/** Says whether every name of `path` is one that a directory can hold. */
export function hasSafeNames(path: TreePath): boolean {
  if (path.includes("\0")) return false;
  return path
    .split("/")
    .every((name) => name !== "" && name !== "." && name !== ".." && name.length <= limits.nameBytes);
}

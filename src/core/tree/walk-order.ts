import type { ByteString, TreePath } from "./byte-string.ts";

/**
 * Orders paths as a tree is walked: depth first, the children of a directory bytewise by name, a directory before
 * what it holds. Negative, zero or positive as for `Array.prototype.sort`.
 */
export function compareInWalkOrder(a: TreePath, b: TreePath): number {
  const length = Math.min(a.length, b.length);
  let start = 0;
  while (start + stride < length && a.slice(start, start + stride) === b.slice(start, start + stride)) start += stride;
  for (let at = start; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    if (left === slash) return -1;
    if (right === slash) return 1;
    return left - right;
  }
  return a.length - b.length;
}

/** The path of `name` in `directory`. */
export function joinPath(directory: TreePath, name: ByteString): TreePath {
  return directory === "" ? name : (`${directory}/${name}` as TreePath);
}

/** The directory that holds `path`; of the root, the root. */
export function parentPath(path: TreePath): TreePath {
  const at = path.lastIndexOf("/");
  return (at < 0 ? "" : path.slice(0, at)) as TreePath;
}

/** The last name of `path`; of the root, the empty string. */
export function baseName(path: TreePath): ByteString {
  return path.slice(path.lastIndexOf("/") + 1) as ByteString;
}

/** Says whether `path` is `ancestor` or lies below it. */
export function isAtOrBelow(path: TreePath, ancestor: TreePath): boolean {
  return (
    ancestor === "" || path === ancestor || (path.startsWith(ancestor) && path.charCodeAt(ancestor.length) === slash)
  );
}

const slash = 47;
/** Long paths are compared in pieces first, which the engine does many bytes at a time. */
const stride = 512;

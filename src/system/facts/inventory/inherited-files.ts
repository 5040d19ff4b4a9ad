import type { TreePath } from "../../../core/tree/byte-string.ts";
import { isAtOrBelow } from "../../../core/tree/walk-order.ts";
import type { TreeFiles } from "../system-sources.ts";

/** Finds out which files of a package lie in inherited directories. */
export interface InheritedFiles {
  /** Those of `recorded` that lie there. */
  among(recorded: Iterable<TreePath>): TreePath[];
}

/** Directories of the root that are links into `usr` where the two are merged. */
const mergeable = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] as readonly string[] as readonly TreePath[];

/**
 * Package managers record paths as packages have them (`lib/x`), which is not always where the file is (`usr/lib/x`);
 * both, and the inherited directories, are brought to the latter. The result has paths as they are recorded. A package
 * that delivers nothing but an inherited directory itself, as many do with `/srv`, has no files in it.
 */
export function inheritedFiles(files: TreeFiles, inheritedDirectories: readonly TreePath[]): InheritedFiles {
  const merged = mergeable.filter((name) => isSame(files, name, `usr/${name}`));
  const real = (path: TreePath): TreePath =>
    merged.some((name) => isAtOrBelow(path, name)) ? (`usr/${path}` as TreePath) : path;
  const directories = inheritedDirectories.map(real);
  if (directories.length === 0) return { among: () => [] };
  const holdFiles = directories.map((directory) => files.stat(directory)?.kind === "directory");
  return {
    among: (recorded) =>
      [...recorded].filter((path) => {
        const place = real(path);
        return directories.some(
          (directory, at) => isAtOrBelow(place, directory) && (place !== directory || holdFiles[at] !== true),
        );
      }),
  };
}

/** Of paths as a package manager lists them, directories too, those that hold none of the others. */
export function leavesOf(paths: readonly TreePath[]): TreePath[] {
  const parents = new Set<string>();
  // There are many paths and few directories: a set of short numbers spares most paths a look among long texts.
  const lengths = new Set<number>();
  let parent = "";
  for (const path of paths) {
    const end = Math.max(path.lastIndexOf("/"), 0);
    if (end === parent.length && path.startsWith(parent)) continue;
    parent = path.slice(0, end);
    parents.add(parent);
    lengths.add(end);
  }
  return paths.filter((path) => path !== "" && !(lengths.has(path.length) && parents.has(path)));
}

function isSame(files: TreeFiles, one: string, other: string): boolean {
  const [a, b] = [files.stat(one as TreePath), files.stat(other as TreePath)];
  if (a === undefined || b === undefined) return false;
  return (["inoHigh", "inoLow", "deviceMajor", "deviceMinor"] as const).every((key) => a[key] === b[key]);
}

import ignore from "ignore";
import { UsageError } from "../../../core/errors.ts";
import { byteStringFromText, type TreePath } from "../../../core/tree/byte-string.ts";
import type { InodeStat } from "../../../core/tree/tree-reader.ts";
import type { ChooseEntry } from "../../tree/walk.ts";

/** What a capture leaves out. All paths are relative to the root. */
export interface Selection {
  /** Gitignore patterns. */
  readonly patterns: readonly string[];
  /** Directories of which only the directory itself is taken: mounts that are left out, the store, caches. */
  readonly emptied: ReadonlySet<TreePath>;
  /** Mount points that are entered. A subvolume of the same file system, which is no mount point, is entered too. */
  readonly entered: ReadonlySet<TreePath>;
  /** Files that are left out, such as active swap files. */
  readonly omitted: ReadonlySet<TreePath>;
}

/**
 * Decides for each entry by gitignore patterns (matched on bytes) and by mounts. An excluded directory stays, empty; what a
 * device boundary hides that `entered` does not name is left out too.
 *
 * @throws {UsageError} If a pattern cannot be read.
 */
export function chooseEntries(selection: Selection): ChooseEntry {
  const matches = compilePatterns(selection.patterns);
  return (path, stat, parentStat) => {
    const isDirectory = stat.kind === "directory";
    if (
      isDirectory &&
      (selection.emptied.has(path) || (crossesDevice(stat, parentStat) && !selection.entered.has(path)))
    )
      return "take-empty";
    if (selection.omitted.has(path)) return "leave-out";
    if (!matches(path, isDirectory)) return "take";
    return isDirectory ? "take-empty" : "leave-out";
  };
}

function compilePatterns(patterns: readonly string[]): (path: TreePath, isDirectory: boolean) => boolean {
  const usable = patterns.filter((pattern) => pattern.trim() !== "");
  if (usable.length === 0) return () => false;
  for (const pattern of usable)
    if (/[\n\0]/.test(pattern))
      throw new UsageError(
        `cannot use the pattern ${JSON.stringify(pattern)}: it holds a line end`,
        "Give one pattern at a time.",
      );
  const compile = (): ReturnType<typeof ignore> =>
    ignore({ ignorecase: false, allowRelativePaths: true }).add(
      usable.map((pattern) => byteStringFromText(pattern) as string),
    );
  let rules = compile();
  let asked = 0;
  return (path, isDirectory) => {
    if (path === "") return false;
    if (++asked % pathsBeforeRenewal === 0) rules = compile();
    return rules.ignores(isDirectory ? `${path}/` : path);
  };
}

/** The matcher remembers every path it was asked about; a new one from time to time keeps memory flat. */
const pathsBeforeRenewal = 20_000;

/** Says whether a directory lies on another file system than its parent; subvolumes of one have anonymous devices (major 0). */
function crossesDevice(stat: InodeStat, parentStat: InodeStat): boolean {
  if (stat.deviceMajor === 0 && parentStat.deviceMajor === 0) return false;
  return stat.deviceMinor !== parentStat.deviceMinor || stat.deviceMajor !== parentStat.deviceMajor;
}

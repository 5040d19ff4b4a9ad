import { byteStringFromText, type TreePath } from "../../../core/tree/byte-string.ts";
import type { ChooseEntry } from "../../tree/walk.ts";
import type { CapturePlan } from "../plan.ts";
import { chooseEntries } from "./choose-entry.ts";

/** What a plan takes and leaves out of its tree. @throws {UsageError} If a pattern cannot be read. */
export function chooserOf({
  root,
  excludes,
  mounts,
  leftOut,
}: Pick<CapturePlan, "root" | "excludes" | "mounts" | "leftOut">): ChooseEntry {
  const inTree = (path: string): TreePath => byteStringFromText(relative(root, path));
  return chooseEntries({
    patterns: excludes,
    emptied: new Set([
      ...mounts.filter(({ taken }) => !taken).map(({ mountPoint }) => inTree(mountPoint)),
      ...leftOut.filter(({ isDirectory }) => isDirectory).map(({ path }) => inTree(path)),
    ]),
    entered: new Set(mounts.filter(({ taken }) => taken).map(({ mountPoint }) => inTree(mountPoint))),
    omitted: new Set(leftOut.filter(({ isDirectory }) => !isDirectory).map(({ path }) => inTree(path))),
  });
}

/** A path below `root` as one inside its tree. */
export function relative(root: string, path: string): string {
  return root === "/" ? path.slice(1) : path.slice(root.length + 1);
}

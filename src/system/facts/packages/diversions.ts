import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import { parseRecordedPath } from "./tree-path.ts";

/** Says where a file of a package lies, which another package or the administrator may have moved aside. */
export type FindDiverted = (path: TreePath, packageName: string) => TreePath;

const maxDiversions = 100_000;

/**
 * Reads dpkg's list of diversions: three lines each, the path, where it was moved to, and the package whose own file
 * stays in place (`:` for none, a diversion by the administrator).
 */
export function parseDiversions(text: ByteString): FindDiverted {
  const byPath = new Map<TreePath, { readonly to: TreePath; readonly keeper: string }>();
  const lines = text.split("\n", 3 * maxDiversions);
  for (let at = 0; at + 2 < lines.length; at += 3) {
    const from = parseRecordedPath(lines[at] ?? "");
    const to = parseRecordedPath(lines[at + 1] ?? "");
    if (from !== undefined && to !== undefined) byPath.set(from, { to, keeper: lines[at + 2] ?? "" });
  }
  return (path, packageName) => {
    const diversion = byPath.get(path);
    return diversion === undefined || diversion.keeper === packageName ? path : diversion.to;
  };
}

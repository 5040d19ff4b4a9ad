import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import type { Change, Operation } from "../operation.ts";
import type { TreeView } from "../ports.ts";
import { pathsIn, removals, kindOf } from "../text/tree-paths.ts";

/** Directories that are emptied. */
const emptied: readonly (readonly [directory: string, name: RegExp])[] = [
  ["var/log/journal", /./],
  ["var/crash", /./],
  ["var/lib/systemd/coredump", /./],
  ["var/lib/systemd/pstore", /./],
  ["var/lib/systemd/timers", /^stamp-/],
  ["var/lib/systemd/rfkill", /./],
  ["var/lib/systemd/backlight", /./],
  ["var/spool/abrt", /./],
  ["var/lib/logrotate", /^(?:logrotate\.)?status$/],
];
const maxDepth = 8;
const maxLogs = 10_000;
const rotated = /\.(?:gz|xz|bz2|zst|old|\d+)$|-\d{8}$/;

/** Journals, crash dumps and logs of the machine it was copied from. A log that a program may hold open is emptied, its older parts go. */
export const leftovers: Operation<"leftovers"> = {
  name: "leftovers",
  summary: "journals, crash dumps and logs",
  policies: ["reset"],
  examine(tree) {
    const what = "of the machine it was copied from";
    const removed = removals(
      tree,
      emptied.flatMap(([directory, name]) => pathsIn(tree, directory, name)),
      what,
    );
    return { changes: [...removed, ...logsIn(tree, "var/log" as TreePath, 1).slice(0, maxLogs)] };
  },
};

function logsIn(tree: TreeView, directory: TreePath, depth: number): Change[] {
  return tree.list(directory).flatMap((name): Change[] => {
    const path = `${directory}/${name}` as TreePath;
    if (path === "var/log/journal" || tree.linkTarget(path) !== undefined) return [];
    const kind = kindOf(tree, path);
    if (kind === "directory") return depth < maxDepth ? logsIn(tree, path, depth + 1) : [];
    if (kind !== "file") return [];
    if (rotated.test(name)) return [{ kind: "remove", path, what: "an older part of a log" }];
    if (tree.stat(path)?.sizeBytes === 0) return [];
    return [{ kind: "write", path, content: "" as ByteString, what: "a log, emptied" }];
  });
}

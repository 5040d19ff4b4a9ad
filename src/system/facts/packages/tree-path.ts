import type { TreePath } from "../../../core/tree/byte-string.ts";

/** A path as a package manager records it (`/etc/motd`, `./etc/motd`, `etc/motd`) as a path inside the tree; undefined for others. */
export function parseRecordedPath(recorded: string): TreePath | undefined {
  if (recorded.length > 4096) return undefined;
  const path = /^\.?\//.test(recorded) ? recorded.replace(/^(?:\.?\/)+/, "") : recorded;
  return /(?:^|\/)\.{0,2}(?:\/|$)|\0/.test(path) ? undefined : (path as TreePath);
}

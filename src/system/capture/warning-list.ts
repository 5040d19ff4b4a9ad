import type { CaptureWarning } from "../../core/manifest/manifest.ts";
import { displayBytes, type TreePath } from "../../core/tree/byte-string.ts";

const kept = 1000;

/** The warnings of a capture: the first thousand in full, all counted. */
export class WarningList {
  readonly list: CaptureWarning[] = [];
  count = 0;
  /** How many entries could not be read although they are there. */
  unreadable = 0;

  addAll(warnings: readonly CaptureWarning[]): void {
    this.count += warnings.length;
    this.list.push(...warnings.slice(0, Math.max(0, kept - this.list.length)));
  }

  add(kind: CaptureWarning["kind"], path: TreePath | undefined, message: string): void {
    this.count += 1;
    if (kind === "unreadable") this.unreadable += 1;
    if (this.list.length < kept)
      this.list.push({ kind, ...(path !== undefined && { path: displayBytes(path) }), message });
  }
}

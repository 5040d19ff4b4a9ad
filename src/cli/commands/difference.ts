import { displayBytes } from "../../core/tree/byte-string.ts";
import type { Difference } from "../../system/compare/difference.ts";

/** How a difference stands in a document. */
export interface DifferenceDocument {
  readonly path: string;
  readonly change: Difference["change"];
  readonly aspects: Difference["aspects"];
}

/** What a line of a difference begins with. */
export const signs: Readonly<Record<Difference["change"], string>> = { added: "+", removed: "-", changed: "M" };

/** A difference in a line: `M etc/hosts (content, mtime)`; the root is `.`. */
export function formatDifference({ path, change, aspects }: Difference): string {
  const why = change === "changed" ? ` (${aspects.join(", ")})` : "";
  return `${signs[change]} ${path === "" ? "." : displayBytes(path)}${why}`;
}

/** A difference for a document. */
export function differenceDocument({ path, change, aspects }: Difference): DifferenceDocument {
  return { path: displayBytes(path), change, aspects };
}

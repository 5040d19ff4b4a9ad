import type { StreamFact } from "../../core/manifest/manifest.ts";
import { formatBytes } from "../render/quantities.ts";
import type { Column } from "../render/table.ts";

/** How raw streams are listed. */
export const streamColumns: readonly Column<StreamFact>[] = [
  { title: "STREAM", cell: ({ name }) => name },
  { title: "SIZE", cell: ({ sizeBytes }) => formatBytes(sizeBytes), align: "right" },
  { title: "DATA", cell: ({ dataBytes }) => formatBytes(dataBytes), align: "right" },
  { title: "HOLDS", cell: ({ holds }) => holds.join(", "), cuttable: true },
  { title: "CONSISTENCY", cell: ({ consistency }) => consistency },
  { title: "FROM", cell: ({ source }) => source, cuttable: true },
];

/** A raw stream in one line. */
export function describeStream({ name, source, sizeBytes, dataBytes, holds }: StreamFact): string {
  const what = holds.length === 0 ? "" : ` (${holds.join(", ")})`;
  return `raw ${name}: ${source}${what}, ${formatBytes(sizeBytes)}, of them ${formatBytes(dataBytes)} not zero`;
}

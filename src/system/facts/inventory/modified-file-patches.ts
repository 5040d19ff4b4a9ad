import { createHash } from "node:crypto";
import type { Patch } from "../../../core/inventory/inventory.ts";
import { displayBytes, type TreePath } from "../../../core/tree/byte-string.ts";
import type { RecordedFile, SystemSources } from "../system-sources.ts";

/** Files of packages that an administrator is meant to change are told by this. */
export type IsConfiguration = (file: RecordedFile) => boolean;

/** A larger file is a patch that is told by its path alone. */
const maxContentBytes = 16 << 20;
const digestLength = 16;

/**
 * The files of a package that were changed, as patches that are told apart by what they hold now. Configuration is there
 * to be changed: it counts only where the machine inherits it.
 */
export async function modifiedFilePatches(
  sources: SystemSources,
  records: readonly RecordedFile[],
  options: {
    readonly installedSec: number;
    readonly isConfiguration: IsConfiguration;
    /** Files of the package that the machine inherits. */
    readonly inherited: readonly TreePath[];
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Patch[]> {
  if (records.length === 0) return [];
  const inherited = new Set(options.inherited);
  const asked = records.filter((file) => !options.isConfiguration(file) || inherited.has(file.path));
  if (asked.length === 0) return [];
  const { modified } = await sources.findModified(asked, options.installedSec, options.signal);
  return [...new Set(modified)].map((path) => {
    const content = sources.files.readStart(path, maxContentBytes);
    const isWhole = content !== undefined && content.length < maxContentBytes;
    return {
      kind: "modified-file",
      id: `/${displayBytes(path)}`,
      ...(isWhole && { content: createHash("sha256").update(content, "latin1").digest("hex").slice(0, digestLength) }),
    };
  });
}

import { displayBytes } from "../../../core/tree/byte-string.ts";
import type { RecordedFile, SystemSources } from "../system-sources.ts";

/** Which files of packages are compared with their records; see {@link fileCheck}. */
export type PackageFiles = "changed" | "all";

/** Compares the files of one package after the other with their records. */
export interface FileCheck {
  /** The modified ones, sorted, as `displayBytes` writes them; undefined where nothing is on record. */
  modifiedFiles(records: readonly RecordedFile[], installedSec: number): Promise<readonly string[] | undefined>;
  /** Reports once how many files could not be compared, if any. */
  reportUnchecked(): void;
}

/** Of all packages of a tree together. */
const maxRecordedFiles = 5_000_000;

/** A check of one tree. With `packageFiles` "all" every file on record is hashed, whatever its time. */
export function fileCheck(sources: SystemSources, packageFiles: PackageFiles, signal?: AbortSignal): FileCheck {
  let remaining = maxRecordedFiles;
  let uncheckedCount = 0;
  return {
    async modifiedFiles(records, installedSec) {
      if (records.length === 0) return undefined;
      const allowed = records.slice(0, remaining);
      remaining -= allowed.length;
      const files = packageFiles === "all" ? allowed.map((file) => ({ ...file, always: true })) : allowed;
      const found = await sources.findModified(files, installedSec, signal);
      uncheckedCount += found.uncheckedCount + records.length - allowed.length;
      return [...new Set(found.modified.map(displayBytes))].toSorted();
    },
    reportUnchecked() {
      if (uncheckedCount === 0) return;
      const message = `${uncheckedCount} files of packages could not be compared with their records`;
      sources.warn({ kind: "unreadable", message });
    },
  };
}

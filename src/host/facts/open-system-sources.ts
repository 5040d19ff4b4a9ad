import type { CaptureWarning } from "../../core/manifest/manifest.ts";
import { byteStringFromText } from "../../core/tree/byte-string.ts";
import type { SystemSources } from "../../system/facts/index.ts";
import { openModifiedFileFinder } from "./modified-files.ts";
import { openRootedFiles } from "./rooted-files.ts";
import { queryRpm } from "./rpm-query.ts";

/**
 * Opens the directory `root` of this machine as a source of facts. Close it with `using`. What is there but cannot be
 * read goes to `warn`.
 *
 * @throws {SystemCallError} If `root` is no directory or may not be opened.
 */
export function openSystemSources(
  root: string,
  warn: (warning: CaptureWarning) => void = () => {},
): SystemSources & Disposable {
  const files = openRootedFiles(root, warn);
  const finder = openModifiedFileFinder(files.root);
  return {
    files,
    warn,
    findModified: (records, installedSec, signal) => finder.find(records, installedSec, signal),
    queryRpm: (directory, format, signal) => queryRpm(files.root, directory, format, signal),
    readHostFile(path, maxBytes) {
      using host = openRootedFiles("/", warn);
      return host.read(byteStringFromText(path), maxBytes);
    },
    [Symbol.dispose]() {
      finder[Symbol.dispose]();
      files[Symbol.dispose]();
    },
  };
}

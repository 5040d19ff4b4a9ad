import type { InstalledPackage, Patch } from "../../../core/inventory/inventory.ts";
import { displayBytes, type TreePath } from "../../../core/tree/byte-string.ts";
import {
  dpkgDatabase,
  installedDpkgPackages,
  installedSecOf,
  maxStatusBytes,
  readText,
  recordedDpkgFiles,
  type DpkgEntry,
} from "../packages/dpkg-database.ts";
import { parseDiversions, type FindDiverted } from "../packages/diversions.ts";
import { parseRecordedPath } from "../packages/tree-path.ts";
import type { SystemSources } from "../system-sources.ts";
import { inheritedFiles, leavesOf } from "./inherited-files.ts";
import type { InventoryReader } from "./inventory-reader.ts";
import { modifiedFilePatches } from "./modified-file-patches.ts";

const maxListBytes = 16 << 20;

/** Packages of Debian and its kin; patches are diversions of their files, and files that were changed. */
export const dpkgInventory: InventoryReader = {
  manager: "dpkg",
  async read(sources, { inheritedDirectories, needsPatches, signal }) {
    const inherited = inheritedFiles(sources.files, inheritedDirectories);
    const diversions = readText(sources, `${dpkgDatabase}/diversions`, maxStatusBytes);
    const findDiverted = parseDiversions(diversions);
    const found: InstalledPackage[] = [];
    for (const entry of installedDpkgPackages(sources)) {
      const { name, version, architecture } = entry.dpkgPackage;
      const files = inheritedDirectories.length === 0 ? [] : inherited.among(deliveredFiles(sources, entry));
      const installed: InstalledPackage = { manager: "dpkg", name, version, architecture, files, patches: [] };
      if (!needsPatches(installed)) {
        found.push(installed);
        continue;
      }
      const modified = await modifiedFilePatches(sources, recordedDpkgFiles(sources, entry, findDiverted), {
        installedSec: installedSecOf(sources, entry),
        isConfiguration: ({ always }) => always,
        inherited: files,
        signal,
      });
      const diverted = diversions === "" ? [] : divertedFiles(deliveredFiles(sources, entry), name, findDiverted);
      found.push({ ...installed, patches: [...diverted, ...modified] });
    }
    return found;
  },
};

/** What the package's list names, directories left out as far as the list shows them. */
function deliveredFiles(sources: SystemSources, { recordStems }: DpkgEntry): TreePath[] {
  for (const stem of recordStems) {
    const list = sources.files.read(`${stem}.list` as TreePath, maxListBytes);
    if (list !== undefined) return leavesOf(list.split("\n").flatMap((line) => parseRecordedPath(line) ?? []));
  }
  return [];
}

function divertedFiles(files: readonly TreePath[], name: string, findDiverted: FindDiverted): Patch[] {
  return files.flatMap((path): Patch[] => {
    const to = findDiverted(path, name);
    return to === path ? [] : [{ kind: "diversion", id: `/${displayBytes(path)}`, content: `/${displayBytes(to)}` }];
  });
}

import type { InstalledPackage } from "../../../core/inventory/inventory.ts";
import { installedRpmPackages } from "../packages/rpm-database.ts";
import { inheritedFiles } from "./inherited-files.ts";
import type { InventoryReader } from "./inventory-reader.ts";
import { modifiedFilePatches } from "./modified-file-patches.ts";

/** Packages of Fedora, SUSE and their kin; patches are files that were changed. */
export const rpmInventory: InventoryReader = {
  manager: "rpm",
  async read(sources, { inheritedDirectories, needsPatches, signal }) {
    const inherited = inheritedFiles(sources.files, inheritedDirectories);
    const found: InstalledPackage[] = [];
    for (const { name, version, architecture, installedSec, files: records } of await installedRpmPackages(
      sources,
      signal,
    )) {
      const files = inherited.among(records.map(({ path }) => path));
      const installed: InstalledPackage = { manager: "rpm", name, version, architecture, files, patches: [] };
      const patches = needsPatches(installed)
        ? await modifiedFilePatches(sources, records, {
            installedSec,
            isConfiguration: ({ always }) => always,
            inherited: files,
            signal,
          })
        : [];
      found.push({ ...installed, patches });
    }
    return found;
  },
};

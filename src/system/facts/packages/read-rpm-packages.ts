import type { PackageFact } from "../../../core/manifest/manifest.ts";
import type { SystemSources } from "../system-sources.ts";
import type { FileCheck } from "./file-check.ts";
import { installedRpmPackages } from "./rpm-database.ts";

/**
 * The packages in the rpm database of a tree; none where there is no database. Where this host has no rpm, or its rpm
 * cannot read the database, that is a warning and there are none.
 */
export async function readRpmPackages(
  sources: SystemSources,
  check: FileCheck,
  signal: AbortSignal | undefined,
): Promise<PackageFact[]> {
  const facts: PackageFact[] = [];
  for (const installed of await installedRpmPackages(sources, signal)) {
    const { name, version, architecture, license, installedSec, files } = installed;
    const modifiedFiles = await check.modifiedFiles(files, installedSec);
    facts.push({
      manager: "rpm",
      name,
      version,
      architecture,
      ...(license !== undefined && { license }),
      ...(modifiedFiles !== undefined && { modifiedFiles }),
    });
  }
  return facts;
}

import type { PackageFact } from "../../../core/manifest/manifest.ts";
import type { SystemSources } from "../system-sources.ts";
import { copyrightLicenseParser } from "./copyright-license.ts";
import { parseDiversions } from "./diversions.ts";
import {
  dpkgDatabase,
  installedDpkgPackages,
  installedSecOf,
  maxStatusBytes,
  readText,
  recordedDpkgFiles,
} from "./dpkg-database.ts";
import type { FileCheck } from "./file-check.ts";

const maxCopyrightBytes = 4 << 20;

/**
 * The packages that dpkg has installed in a tree, also those of images without dpkg (`status.d`).
 *
 * Configuration files are compared with the digests in the status file; other files with `.md5sums`, where the package
 * has one, as `check` decides by the time of its `.list`. A file that was removed is not modified, nor is a configuration
 * file that the package no longer brings; a diverted file is looked for where it was moved to.
 */
export async function readDpkgPackages(sources: SystemSources, check: FileCheck): Promise<PackageFact[]> {
  const findDiverted = parseDiversions(readText(sources, `${dpkgDatabase}/diversions`, maxStatusBytes));
  const parseLicense = copyrightLicenseParser();
  const facts: PackageFact[] = [];
  for (const entry of installedDpkgPackages(sources)) {
    const { name, version, architecture } = entry.dpkgPackage;
    const records = recordedDpkgFiles(sources, entry, findDiverted);
    const modifiedFiles = await check.modifiedFiles(records, installedSecOf(sources, entry));
    const license = parseLicense(readText(sources, `usr/share/doc/${name}/copyright`, maxCopyrightBytes));
    facts.push({
      manager: "dpkg",
      name,
      version,
      architecture,
      ...(license !== undefined && { license }),
      ...(modifiedFiles !== undefined && { modifiedFiles }),
    });
  }
  return facts;
}

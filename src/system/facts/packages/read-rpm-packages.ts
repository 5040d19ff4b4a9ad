import { InterruptedError, RehomeError } from "../../../core/errors.ts";
import type { PackageFact } from "../../../core/manifest/manifest.ts";
import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import type { SystemSources } from "../system-sources.ts";
import type { FileCheck } from "./file-check.ts";
import { parseRpmListing, rpmListingFormat } from "./rpm-listing.ts";

/** Where distributions keep the database, newest place first; older places are often symlinks to newer ones. */
const databaseDirectories = ["usr/lib/sysimage/rpm", "usr/share/rpm", "var/lib/rpm"];

/** The database itself in each of rpm's formats: SQLite, ndb, Berkeley DB. */
const databaseFiles = ["rpmdb.sqlite", "Packages.db", "Packages"];

/**
 * The packages in the rpm database of a tree; none where there is no database. Where this host has no rpm, or its rpm
 * cannot read the database, that is a warning and there are none.
 */
export async function readRpmPackages(
  sources: SystemSources,
  check: FileCheck,
  signal: AbortSignal | undefined,
): Promise<PackageFact[]> {
  const directory = databaseDirectories.find((path) => holdsDatabase(sources, path)) as TreePath | undefined;
  if (directory === undefined) return [];
  const facts: PackageFact[] = [];
  for (const { name, version, architecture, license, installedSec, files } of parseRpmListing(
    await queryPackages(sources, directory, signal),
  )) {
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

function holdsDatabase(sources: SystemSources, directory: string): boolean {
  return databaseFiles.some((name) => sources.files.stat(`${directory}/${name}` as TreePath)?.kind === "file");
}

async function queryPackages(
  sources: SystemSources,
  directory: TreePath,
  signal: AbortSignal | undefined,
): Promise<ByteString> {
  try {
    return await sources.queryRpm(directory, rpmListingFormat, signal);
  } catch (error) {
    if (!(error instanceof RehomeError) || error instanceof InterruptedError) throw error;
    sources.warn({ kind: "unreadable", path: directory, message: `its packages are not listed: ${error.message}` });
    return "" as ByteString;
  }
}

import { InterruptedError, RehomeError } from "../../../core/errors.ts";
import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import type { SystemSources } from "../system-sources.ts";
import { parseRpmListing, rpmListingFormat, type RpmPackage } from "./rpm-listing.ts";

/** Where distributions keep the database, newest place first; older places are often symlinks to newer ones. */
const databaseDirectories = ["usr/lib/sysimage/rpm", "usr/share/rpm", "var/lib/rpm"];

/** The database itself in each of rpm's formats: SQLite, ndb, Berkeley DB. */
const databaseFiles = ["rpmdb.sqlite", "Packages.db", "Packages"];

/**
 * The packages in the rpm database of a tree; none where there is no database. Where this host has no rpm, or its rpm
 * cannot read the database, that is a warning and there are none.
 */
export async function installedRpmPackages(
  sources: SystemSources,
  signal: AbortSignal | undefined,
): Promise<Iterable<RpmPackage>> {
  const directory = databaseDirectories.find((path) => holdsDatabase(sources, path)) as TreePath | undefined;
  return directory === undefined ? [] : parseRpmListing(await queryPackages(sources, directory, signal));
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

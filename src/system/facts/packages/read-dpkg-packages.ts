import type { PackageFact } from "../../../core/manifest/manifest.ts";
import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import type { RecordedFile, SystemSources } from "../system-sources.ts";
import { copyrightLicenseParser } from "./copyright-license.ts";
import { parseDigestList } from "./digest-list.ts";
import { parseDiversions, type FindDiverted } from "./diversions.ts";
import { parseDpkgStatus, type DpkgPackage } from "./dpkg-status.ts";
import type { FileCheck } from "./file-check.ts";

const database = "var/lib/dpkg";
const maxPackages = 100_000;
const maxStatusBytes = 64 << 20;
const maxStanzaFileBytes = 1 << 20;
const maxDigestListBytes = 16 << 20;
const maxDigests = 500_000;
const maxCopyrightBytes = 4 << 20;

/**
 * The packages that dpkg has installed in a tree, also those of images without dpkg (`status.d`).
 *
 * Configuration files are compared with the digests in the status file; other files with `.md5sums`, where the package
 * has one, as `check` decides by the time of its `.list`. A file that was removed is not modified, nor is a configuration
 * file that the package no longer brings; a diverted file is looked for where it was moved to.
 */
export async function readDpkgPackages(sources: SystemSources, check: FileCheck): Promise<PackageFact[]> {
  const findDiverted = parseDiversions(readText(sources, `${database}/diversions`, maxStatusBytes));
  const parseLicense = copyrightLicenseParser();
  const facts: PackageFact[] = [];
  for (const { dpkgPackage, recordStems, dated } of installedPackages(sources)) {
    const { name, version, architecture } = dpkgPackage;
    const records = recordedFiles(sources, dpkgPackage, recordStems, findDiverted);
    const modifiedFiles = await check.modifiedFiles(records, installedSecOf(sources, dated));
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

interface Installed {
  readonly dpkgPackage: DpkgPackage;
  /** Paths of its `.md5sums` without that ending, likeliest first. */
  readonly recordStems: readonly string[];
  /** Files that were written when it was installed, the one that tells best first. */
  readonly dated: readonly string[];
}

function* installedPackages(sources: SystemSources): Generator<Installed> {
  const status = `${database}/status`;
  const limit = { maxPackages };
  for (const dpkgPackage of parseDpkgStatus(readText(sources, status, maxStatusBytes), {
    ...limit,
    statusNeeded: true,
  })) {
    const recordStems = dpkgPackage.fileStems.map((stem) => `${database}/info/${stem}`);
    yield { dpkgPackage, recordStems, dated: [...recordStems.map((stem) => `${stem}.list`), status] };
  }
  for (const name of sources.files.list(`${database}/status.d` as TreePath, maxPackages) ?? []) {
    if (name.endsWith(".md5sums")) continue;
    const path = `${database}/status.d/${name}`;
    const stanzas = readText(sources, path, maxStanzaFileBytes);
    for (const dpkgPackage of parseDpkgStatus(stanzas, { ...limit, statusNeeded: false }))
      yield { dpkgPackage, recordStems: [path], dated: [path] };
  }
}

function recordedFiles(
  sources: SystemSources,
  { name, configurationFiles }: DpkgPackage,
  stems: readonly string[],
  findDiverted: FindDiverted,
): RecordedFile[] {
  const files: RecordedFile[] = [];
  const configurationPaths = new Set<TreePath>();
  for (const { path, md5 } of configurationFiles) {
    configurationPaths.add(path);
    files.push({ path: findDiverted(path, name), algorithm: "md5", digest: md5, always: true });
  }
  for (const { path, md5 } of parseDigestList(firstText(sources, stems), maxDigests))
    if (!configurationPaths.has(path))
      files.push({ path: findDiverted(path, name), algorithm: "md5", digest: md5, always: false });
  return files;
}

function firstText(sources: SystemSources, stems: readonly string[]): ByteString {
  for (const stem of stems) {
    const text = sources.files.read(`${stem}.md5sums` as TreePath, maxDigestListBytes);
    if (text !== undefined) return text;
  }
  return "" as ByteString;
}

function installedSecOf(sources: SystemSources, dated: readonly string[]): number {
  for (const path of dated) {
    const stat = sources.files.stat(path as TreePath);
    if (stat !== undefined) return stat.mtimeSec;
  }
  return 0;
}

function readText(sources: SystemSources, path: string, maxBytes: number): ByteString {
  return sources.files.read(path as TreePath, maxBytes) ?? ("" as ByteString);
}

import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import type { RecordedFile, SystemSources } from "../system-sources.ts";
import { parseDigestList } from "./digest-list.ts";
import type { FindDiverted } from "./diversions.ts";
import { parseDpkgStatus, type DpkgPackage } from "./dpkg-status.ts";

/** Where dpkg keeps what it knows. */
export const dpkgDatabase = "var/lib/dpkg";
const maxPackages = 100_000;
/** Of the status file, and of the list of diversions. */
export const maxStatusBytes: number = 64 << 20;
const maxStanzaFileBytes = 1 << 20;
const maxDigestListBytes = 16 << 20;
const maxDigests = 500_000;

/** A package in the database of dpkg, and where the database keeps what it knows of it. */
export interface DpkgEntry {
  readonly dpkgPackage: DpkgPackage;
  /** Paths of its `.md5sums` without that ending, likeliest first. */
  readonly recordStems: readonly string[];
  /** Files that were written when it was installed, the one that tells best first. */
  readonly dated: readonly string[];
}

/** The packages that dpkg has installed in a tree, also those of images without dpkg (`status.d`). */
export function* installedDpkgPackages(sources: SystemSources): Generator<DpkgEntry> {
  const status = `${dpkgDatabase}/status`;
  const limit = { maxPackages };
  for (const dpkgPackage of parseDpkgStatus(readText(sources, status, maxStatusBytes), {
    ...limit,
    statusNeeded: true,
  })) {
    const recordStems = dpkgPackage.fileStems.map((stem) => `${dpkgDatabase}/info/${stem}`);
    yield { dpkgPackage, recordStems, dated: [...recordStems.map((stem) => `${stem}.list`), status] };
  }
  for (const name of sources.files.list(`${dpkgDatabase}/status.d` as TreePath, maxPackages) ?? []) {
    if (name.endsWith(".md5sums")) continue;
    const path = `${dpkgDatabase}/status.d/${name}`;
    const stanzas = readText(sources, path, maxStanzaFileBytes);
    for (const dpkgPackage of parseDpkgStatus(stanzas, { ...limit, statusNeeded: false }))
      yield { dpkgPackage, recordStems: [path], dated: [path] };
  }
}

/** The files of a package that have a digest on record, where they lie after all diversions; always hashed are configuration files. */
export function recordedDpkgFiles(
  sources: SystemSources,
  { dpkgPackage: { name, configurationFiles }, recordStems }: DpkgEntry,
  findDiverted: FindDiverted,
): RecordedFile[] {
  const files: RecordedFile[] = [];
  const configurationPaths = new Set<TreePath>();
  for (const { path, md5 } of configurationFiles) {
    configurationPaths.add(path);
    files.push({ path: findDiverted(path, name), algorithm: "md5", digest: md5, always: true });
  }
  for (const { path, md5 } of parseDigestList(firstText(sources, recordStems), maxDigests))
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

/** When the package was installed, in seconds of 1970; 0 where nothing tells. */
export function installedSecOf(sources: SystemSources, { dated }: Pick<DpkgEntry, "dated">): number {
  for (const path of dated) {
    const stat = sources.files.stat(path as TreePath);
    if (stat !== undefined) return stat.mtimeSec;
  }
  return 0;
}

/** The text of a file of the tree, empty where there is none. */
export function readText(sources: SystemSources, path: string, maxBytes: number): ByteString {
  return sources.files.read(path as TreePath, maxBytes) ?? ("" as ByteString);
}

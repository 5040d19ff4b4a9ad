import { throwIfInterrupted } from "../../core/errors.ts";
import type { PackageFact, SystemFacts } from "../../core/manifest/manifest.ts";
import type { ByteString, TreePath } from "../../core/tree/byte-string.ts";
import { fileCheck, type PackageFiles } from "./packages/file-check.ts";
import { readDpkgPackages } from "./packages/read-dpkg-packages.ts";
import { readRpmPackages } from "./packages/read-rpm-packages.ts";
import type { SystemSources } from "./system-sources.ts";
import { textFromBytes } from "./text-from-bytes.ts";
import { bootTracePaths, chooseBootLoader } from "./tree/boot-loader.ts";
import { elfHeaderBytes, parseElfArchitecture } from "./tree/elf-architecture.ts";
import { parseFileSystemTable } from "./tree/file-system-table.ts";
import { parseHostname } from "./tree/hostname.ts";
import { parseOsRelease } from "./tree/os-release.ts";

/** What of a tree is read. */
export interface SystemFactsOptions {
  /** "changed" hashes configuration files and files that are newer than their package; "all" hashes every file on record. */
  readonly packageFiles: PackageFiles;
  /** Path on this host, outside the tree, of the `.nspawn` file of a machine. */
  readonly nspawnFile?: string;
  readonly signal?: AbortSignal;
}

const maxTextBytes = 1 << 20;
const maxKernels = 1000;
/** Of all packages together, in characters of JSON. */
const maxPackagesLength = 16 << 20;

/** Programs that almost every system has; the first that is an ELF file tells the architecture. */
const programs = [
  "bin/sh",
  "usr/bin/sh",
  "usr/lib/systemd/systemd",
  "lib/systemd/systemd",
  "sbin/init",
  "usr/sbin/init",
  "bin/busybox",
  "usr/bin/env",
  "usr/bin/coreutils",
  "usr/sbin/ldconfig",
];

/**
 * What the tree behind `sources` tells about itself. It is only read: no program of it runs, and no file of it can lead
 * the reader out of it. What is missing or cannot be read is left out; the latter is reported to `sources.warn`.
 *
 * @throws {InterruptedError} Once `signal` is aborted.
 */
export async function readSystemFacts(sources: SystemSources, options: SystemFactsOptions): Promise<SystemFacts> {
  const { signal } = options;
  throwIfInterrupted(signal, "reading the facts of the tree");
  const text = (path: string): string | undefined => readText(sources, path);
  const release = text("etc/os-release") ?? text("usr/lib/os-release");
  const hostname = parseHostname(text("etc/hostname") ?? "");
  const architecture = programs.map((path) => architectureOf(sources, path)).find((name) => name !== undefined);
  const bootLoader = chooseBootLoader(new Set(bootTracePaths.filter((path) => isThere(sources, path))));
  const configuration = configurationOf(sources, options.nspawnFile);

  const check = fileCheck(sources, options.packageFiles, signal);
  const packages = [...(await readDpkgPackages(sources, check)), ...(await readRpmPackages(sources, check, signal))];
  check.reportUnchecked();

  return {
    ...(release !== undefined && { osRelease: parseOsRelease(release) }),
    ...(hostname !== undefined && { hostname }),
    ...(architecture !== undefined && { architecture }),
    kernels: kernelsOf(sources),
    packages: withinManifest(sources, packages.toSorted(byName)),
    fileSystems: parseFileSystemTable(text("etc/fstab") ?? ""),
    ...(bootLoader !== undefined && { bootLoader }),
    ...(configuration !== undefined && { configuration }),
  };
}

function readText(sources: SystemSources, path: string): string | undefined {
  const bytes = sources.files.read(path as TreePath, maxTextBytes);
  return bytes === undefined ? undefined : textFromBytes(bytes);
}

function architectureOf(sources: SystemSources, path: string): string | undefined {
  return parseElfArchitecture(sources.files.readStart(path as TreePath, elfHeaderBytes) ?? ("" as ByteString));
}

function isThere(sources: SystemSources, path: string): boolean {
  return sources.files.stat(path as TreePath) !== undefined;
}

/** Directories of modules whose kernel is gone often stay; they hold neither of these two. */
function kernelsOf(sources: SystemSources): string[] {
  const releases = sources.files.list("lib/modules" as TreePath, maxKernels) ?? [];
  return releases
    .filter((release) => /^[\x21-\x7e]{1,128}$/.test(release))
    .filter((release) => ["modules.dep", "kernel"].some((name) => isThere(sources, `lib/modules/${release}/${name}`)));
}

function configurationOf(sources: SystemSources, path: string | undefined): SystemFacts["configuration"] {
  const bytes = path === undefined ? undefined : sources.readHostFile(path, maxTextBytes);
  return path === undefined || bytes === undefined ? undefined : { path, text: textFromBytes(bytes) };
}

/** A tree can name packages without end; a manifest cannot. */
function withinManifest(sources: SystemSources, packages: readonly PackageFact[]): readonly PackageFact[] {
  let remaining = maxPackagesLength;
  const end = packages.findIndex((fact) => (remaining -= JSON.stringify(fact).length) < 0);
  if (end === -1) return packages;
  sources.warn({ kind: "unreadable", message: `${packages.length - end} packages are more than a manifest can hold` });
  return packages.slice(0, end);
}

function byName(one: PackageFact, other: PackageFact): number {
  if (one.name !== other.name) return one.name < other.name ? -1 : 1;
  return one.architecture < other.architecture ? -1 : 1;
}

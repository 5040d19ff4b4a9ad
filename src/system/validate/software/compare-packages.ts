import { packageKey, type InstalledPackage } from "../../../core/inventory/inventory.ts";
import type { PackageFinding } from "../report.ts";
import { compareVersions } from "../versions/compare-versions.ts";
import { mendPackage } from "./mend-package.ts";
import type { PackageRules } from "./rules.ts";

/** A package as a detached manifest carries it. */
export type NeededPackage = Pick<InstalledPackage, "manager" | "name" | "version" | "architecture" | "patches">;

/** What is compared: the packages the machine needed on its source host, and those of this host. */
export interface ComparedPackages<Local extends NeededPackage = NeededPackage> {
  readonly needed: readonly NeededPackage[];
  /** Everything that is installed here. */
  readonly installed: readonly Local[];
  /** Those of `installed` that the rule picks. */
  readonly checked: readonly Local[];
}

/**
 * Compares packages in both directions: each that was needed there must be here in a version that its match level
 * accepts, and each that the rule picks here must have been there, unless `at-least` or `ignore` lets it be.
 */
export function comparePackages(compared: ComparedPackages, rules: PackageRules): PackageFinding[] {
  const here = versionsByKey(compared.installed);
  const there = versionsByKey(compared.needed);
  const missing = compared.needed.flatMap((needed) => findNeeded(needed, here.get(packageKey(needed)), rules));
  const extra = compared.checked
    .filter((installed) => !there.has(packageKey(installed)) && rules.matchLevelOf(installed) === "exact")
    .map((installed): PackageFinding => {
      const { manager, name, architecture, version: localVersion } = installed;
      const finding = { kind: "was-not-installed", manager, name, architecture, localVersion } as const;
      return { section: "local-packages", ...finding, mend: mendPackage(finding) };
    });
  return [...missing.toSorted(byName), ...extra.toSorted(byName)];
}

function findNeeded(
  needed: NeededPackage,
  versionsHere: readonly string[] | undefined,
  rules: PackageRules,
): PackageFinding[] {
  const level = rules.matchLevelOf(needed);
  if (level === "ignore") return [];
  const { manager, name, architecture, version: sourceVersion } = needed;
  const subject = { manager, name, architecture, sourceVersion };
  if (versionsHere === undefined) {
    const finding = { kind: "not-installed", ...subject } as const;
    return [{ section: "source-packages", ...finding, mend: mendPackage(finding) }];
  }
  const accepts = (version: string): boolean =>
    level === "exact" ? version === sourceVersion : compareVersions(manager, version, sourceVersion) >= 0;
  if (versionsHere.some(accepts)) return [];
  const localVersion = versionsHere.reduce((a, b) => (compareVersions(manager, a, b) < 0 ? b : a));
  const finding = { kind: "version-mismatch", ...subject, localVersion } as const;
  return [{ section: "source-packages", ...finding, mend: mendPackage(finding) }];
}

/** rpm can have several versions of a package installed at once. */
function versionsByKey(packages: readonly NeededPackage[]): Map<string, string[]> {
  const versions = new Map<string, string[]>();
  for (const installed of packages) {
    const key = packageKey(installed);
    const known = versions.get(key);
    if (known === undefined) versions.set(key, [installed.version]);
    else known.push(installed.version);
  }
  return versions;
}

function byName(one: PackageFinding, other: PackageFinding): number {
  return one.name === other.name ? 0 : one.name < other.name ? -1 : 1;
}

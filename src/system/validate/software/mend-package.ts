import type { PackageManager } from "../../../core/inventory/inventory.ts";
import type { PackageFinding } from "../report.ts";
import { compareVersions } from "../versions/compare-versions.ts";

interface Commands {
  readonly install: (name: string, version: string) => string;
  readonly remove: (name: string) => string;
}

/** How each package manager is asked for one version of a package, and to remove it. */
const commands: Readonly<Record<PackageManager, Commands>> = {
  dpkg: {
    install: (name, version) => `apt-get install ${name}=${version}`,
    remove: (name) => `apt-get remove ${name}`,
  },
  rpm: {
    install: (name, version) => `dnf install ${name}-${version}`,
    remove: (name) => `dnf remove ${name}`,
  },
  apk: {
    install: (name, version) => `apk add ${name}=${version}`,
    remove: (name) => `apk del ${name}`,
  },
  svr4: {
    install: (name, version) => `pkgadd ${name}, version ${version}`,
    remove: (name) => `pkgrm ${name}`,
  },
};

/** What would mend a finding about a package, one line. */
export function mendPackage(
  finding: Omit<PackageFinding, "section" | "mend" | "sourceVersion" | "localVersion"> &
    Partial<Pick<PackageFinding, "sourceVersion" | "localVersion">>,
): string {
  const { manager, sourceVersion = "", localVersion = "" } = finding;
  const name =
    manager === "dpkg" && !["", "all"].includes(finding.architecture)
      ? `${finding.name}:${finding.architecture}`
      : finding.name;
  const { install, remove } = commands[manager];
  if (finding.kind === "was-not-installed")
    return `here: ${remove(name)}; or install ${finding.name} on the source host too`;
  const mend = `here: ${install(name, sourceVersion)}`;
  if (finding.kind === "not-installed") return mend;
  return compareVersions(manager, localVersion, sourceVersion) > 0
    ? `${mend}; or bring the source host to ${localVersion}; or let newer versions pass (match: at-least: [${finding.name}])`
    : mend;
}

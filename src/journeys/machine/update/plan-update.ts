import { packageKey, type InstalledPackage } from "../../../core/inventory/inventory.ts";
import { compareVersions, type Finding, type PackageFinding } from "../../../system/validate/index.ts";

/** A package that is brought to another version; never to an earlier one. */
export interface PackageChange {
  readonly name: string;
  readonly architecture: string;
  /** Absent where it is not installed yet. */
  readonly from?: string;
  readonly to: string;
}

/** What an update would do, and what stands in the way of attaching although it was done. */
export interface PlannedUpdate {
  readonly changes: readonly PackageChange[];
  readonly remaining: readonly Finding[];
}

/** What `apt-get install NAME:ARCH=VERSION` takes for just that: at its end `-` would remove, and `+` install, another package. */
const plainVersion = /^[A-Za-z0-9](?:[A-Za-z0-9.+:~-]*[A-Za-z0-9.~])?$/;
const plainName = /^[a-z0-9][a-z0-9+.-]+$/;

/**
 * Decides how a machine is brought to the versions of its new host: what both have goes up to the host's version. What the machine
 * does not have itself it inherits, so there is nothing to do; what the host does not have remains.
 */
export function planMachineUpdate(findings: readonly Finding[], installed: readonly InstalledPackage[]): PlannedUpdate {
  const own = new Map(installed.map((one) => [packageKey(one), one.version]));
  return plan(findings, ({ manager, name, architecture, localVersion }) => {
    if (localVersion === undefined) return "remains";
    const from = own.get(packageKey({ manager, name, architecture }));
    if (from === undefined || from === localVersion) return "nothing";
    return { name, architecture, from, to: localVersion };
  });
}

/** Decides how a host is brought to the versions that a machine had: what is missing comes, what is older goes up, nothing is removed. */
export function planHostUpdate(findings: readonly Finding[]): PlannedUpdate {
  return plan(findings, ({ name, architecture, localVersion, sourceVersion }) =>
    sourceVersion === undefined
      ? "remains"
      : { name, architecture, ...(localVersion !== undefined && { from: localVersion }), to: sourceVersion },
  );
}

function plan(
  findings: readonly Finding[],
  decide: (finding: PackageFinding) => PackageChange | "nothing" | "remains",
): PlannedUpdate {
  const changes: PackageChange[] = [];
  const remaining: Finding[] = [];
  for (const finding of findings) {
    const decided = isOfPackage(finding) ? decide(finding) : "remains";
    if (decided === "nothing") continue;
    if (decided === "remains") remaining.push(finding);
    else if (isOfPackage(finding) && isPossible(finding, decided)) changes.push(decided);
    else remaining.push({ ...finding, mend: `an update never goes back, and dpkg packages alone; ${finding.mend}` });
  }
  return { changes, remaining };
}

function isOfPackage(finding: Finding): finding is PackageFinding {
  return finding.section === "source-packages" || finding.section === "local-packages";
}

function isPossible({ manager }: PackageFinding, { name, from, to }: PackageChange): boolean {
  if (manager !== "dpkg" || !plainName.test(name) || !plainVersion.test(to)) return false;
  return from === undefined || compareVersions(manager, from, to) < 0;
}

/** The command that makes changes: it removes nothing, and takes nothing back to an earlier version. */
export function installCommand(changes: readonly PackageChange[]): readonly string[] {
  return [
    "apt-get",
    "install",
    "--yes",
    "--no-remove",
    "--no-install-recommends",
    "--option=Dpkg::Options::=--force-confold",
    ...changes.map(({ name, architecture, to }) => `${name}:${architecture}=${to}`),
  ];
}

import { compareDpkg } from "../versions/compare-dpkg.ts";
import type { Complaint } from "./host-check.ts";
import type { MachineNeeds, TargetFacts } from "./target-facts.ts";

/** Distribution, processor, kernel and systemd of this host. What is not known of either side is not compared. */
export function checkPlatform(needs: MachineNeeds, facts: TargetFacts): Complaint[] {
  return [
    ...checkDistribution(needs, facts),
    ...checkProcessor(needs, facts),
    ...checkKernel(needs, facts),
    ...checkFeatures(needs, facts),
    ...checkSystemd(needs, facts),
  ];
}

/** Only what the machine inherits makes the host's distribution matter. */
function checkDistribution(
  { osRelease: there, inheritsFromHost }: MachineNeeds,
  { osRelease: here }: TargetFacts,
): Complaint[] {
  if (!inheritsFromHost || there === undefined || here === undefined) return [];
  const [idThere, idHere] = [there["ID"] ?? "linux", here["ID"] ?? "linux"];
  const needed = `the source host runs ${describe(there)}, this one ${describe(here)}`;
  if (idThere !== idHere) {
    const isKin = families(there).some((family) => families(here).includes(family));
    const message = `${needed}: ${isKin ? "a kin, not the same" : "of another family"}`;
    return [complain("distribution", message, `attach it to a host with ${describe(there)}`)];
  }
  const [versionThere = "", versionHere = ""] = [there["VERSION_ID"], here["VERSION_ID"]];
  if (versionThere === "" || versionHere === "" || compareDpkg(versionHere, versionThere) >= 0) return [];
  return [complain("distribution", `${needed}: an earlier release`, `upgrade this host to ${describe(there)}`)];
}

function families(release: Readonly<Record<string, string>>): string[] {
  return [release["ID"] ?? "linux", ...(release["ID_LIKE"] ?? "").split(" ")].filter((name) => name !== "");
}

function describe(release: Readonly<Record<string, string>>): string {
  return [release["ID"] ?? "linux", release["VERSION_ID"] ?? ""].join(" ").trim();
}

/** A kernel runs programs of these architectures too. */
const alsoRuns: Readonly<Record<string, readonly string[]>> = {
  x86_64: ["i686", "i586", "i386"],
  aarch64: ["armv7l", "armv6l"],
  ppc64: ["ppc"],
  s390x: ["s390"],
};

function checkProcessor(needs: MachineNeeds, { architecture, cpuLevel }: TargetFacts): Complaint[] {
  if (
    needs.architecture !== undefined &&
    needs.architecture !== architecture &&
    !(alsoRuns[architecture] ?? []).includes(needs.architecture)
  )
    return [
      complain(
        "architecture",
        `the machine is ${needs.architecture}, this host is ${architecture}`,
        `attach it to a host that is ${needs.architecture}`,
      ),
    ];
  const level = needs.cpuLevel;
  if (level === undefined || cpuLevel === undefined || levelNumber(cpuLevel) >= levelNumber(level)) return [];
  return [
    complain(
      "cpu-level",
      `the machine ran on ${level}, this processor has ${cpuLevel}: programs that were built or chosen for the former end with an illegal instruction`,
      `attach it to a host with ${level}, or put cpu-level into host.ignore of the rules if its programs need no more`,
    ),
  ];
}

function levelNumber(level: string): number {
  return Number(/\d+$/.exec(level)?.[0] ?? 0);
}

function checkKernel({ kernelRelease: there }: MachineNeeds, { kernelRelease: here }: TargetFacts): Complaint[] {
  if (there === undefined || here === undefined) return [];
  const [wanted, present] = [mainVersion(there), mainVersion(here)];
  if (compareDpkg(present, wanted) >= 0) return [];
  return [
    complain(
      "kernel",
      `the machine ran with kernel ${there}, this host runs ${here}, which is older`,
      `boot a kernel of ${wanted} or newer here, or put kernel into host.ignore of the rules`,
    ),
  ];
}

/** What programs can see of a kernel is told by its first two numbers. */
function mainVersion(release: string): string {
  return /^\d+\.\d+/.exec(release)?.[0] ?? release;
}

function checkFeatures({ kernelFeatures: needed }: MachineNeeds, { kernelFeatures: here }: TargetFacts): Complaint[] {
  if (here === undefined) return [];
  return needed
    .filter(({ what }) => !here.has(what))
    .map(({ what, setting }) =>
      complain(
        "kernel-feature",
        `${setting} needs ${what}, which this kernel does not have`,
        `load or build ${what} here`,
      ),
    );
}

function checkSystemd({ systemdVersion: needed }: MachineNeeds, { systemdVersion: here }: TargetFacts): Complaint[] {
  if (needed === undefined || here === undefined || here >= needed.what) return [];
  return [
    complain(
      "systemd",
      `${needed.setting} needs systemd ${needed.what}, this host has ${here}`,
      `upgrade systemd here, or take ${needed.setting} out`,
    ),
  ];
}

function complain(check: Complaint["check"], message: string, mend: string): Complaint {
  return { check, message, mend };
}

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface SolarisPackage {
  readonly version: string;
  /** For all zones; others are checked for the files they deliver below `/usr`. */
  readonly allZones?: true;
  readonly thisZone?: true;
  readonly patches?: string;
  /** A file that it delivers. */
  readonly file?: string;
}

/** What both hosts have, and what no machine asks for. */
const shared: Readonly<Record<string, SolarisPackage>> = {
  SUNWcsr: { version: "11.11,REV=2005.12.13.01.06", allZones: true, patches: "118833 118855" },
  SUNWcsu: { version: "11.11,REV=2005.12.13.01.06", file: "usr/bin/ls" },
};

/** The source host of the example in the proposal for zone migration of 2006. */
const source: Readonly<Record<string, SolarisPackage>> = {
  ...shared,
  "SUNWgnome-libs": { version: "2.6.0,REV=101.0.3.2005.12.06.20.27", file: "usr/lib/libgnome.so", patches: "120081" },
  SUNWudaplr: { version: "11.11,REV=2005.12.13.01.06", allZones: true, patches: "118844 118344" },
  SUNWradpu320: { version: "11.10.0,REV=2005.01.21.16.34", allZones: true },
  SUNWaudf: { version: "11.11,REV=2005.12.13.01.06", allZones: true },
  NCRos86r: { version: "11.10.0,REV=2005.01.17.23.31", allZones: true },
  SUNWonlythere: { version: "1", allZones: true, thisZone: true, patches: "999991" },
  SUNWoutside: { version: "1", file: "opt/outside", patches: "999992" },
};

/** The host that its zone is to be attached to. */
const target: Readonly<Record<string, SolarisPackage>> = {
  ...shared,
  "SUNWgnome-libs": { version: "2.6.0,REV=101.0.3.2005.12.19.21.22", file: "usr/lib/libgnome.so" },
  SUNWudaplr: { version: "11.11,REV=2006.01.03.00.45", allZones: true, patches: "118669" },
  SUNWaudf: { version: "11.11,REV=2006.01.03.00.45", allZones: true, patches: "118668" },
  SUNWukspfw: { version: "11.11,REV=2006.01.03.00.45", allZones: true },
  SUNWsmcmd: { version: "1.0,REV=2005.12.14.01.53", file: "usr/sadm/bin/smcmd", patches: "116299" },
  SUNWonlyhere: { version: "1", allZones: true, thisZone: true, patches: "999993" },
  SUNWouthere: { version: "1", file: "opt/here", patches: "999994" },
};

/** Writes the package databases of both hosts of the example below `directory`; the zone inherits `/usr`. */
export function makeSolarisHosts(directory: string): { readonly source: string; readonly target: string } {
  return { source: makeHost(join(directory, "A"), source), target: makeHost(join(directory, "B"), target) };
}

function makeHost(root: string, packages: Readonly<Record<string, SolarisPackage>>): string {
  const contents: string[] = ["/usr d none 0755 root sys SUNWcsr"];
  for (const [name, { version, allZones, thisZone, patches, file }] of Object.entries(packages)) {
    const directory = join(root, "var/sadm/pkg", name);
    mkdirSync(directory, { recursive: true });
    const info = [
      `PKG=${name}`,
      `VERSION=${version}`,
      "ARCH=i386",
      `SUNW_PKG_ALLZONES=${allZones === true}`,
      ...(thisZone === true ? ["SUNW_PKG_THISZONE=true"] : []),
      ...(patches === undefined ? [] : [`PATCHLIST=${patches}`]),
    ];
    writeFileSync(join(directory, "pkginfo"), `${info.join("\n")}\n`);
    if (file !== undefined) contents.push(`/${file} f none 0755 root bin 10 20 1134500000 ${name}`);
  }
  mkdirSync(join(root, "var/sadm/install"), { recursive: true });
  writeFileSync(join(root, "var/sadm/install/contents"), `${contents.join("\n")}\n`);
  return root;
}

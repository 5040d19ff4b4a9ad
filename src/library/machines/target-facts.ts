import { existsSync, readFileSync, statfsSync, statSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Setting } from "../../journeys/machine/settings/unit-file.ts";
import { settingsNeeds, type KernelFeature } from "../../journeys/machine/settings/settings-needs.ts";
import type { DetachedManifest, SourceHost } from "../../journeys/machine/detached/detached-manifest.ts";
import type { KnownMachine, TargetFacts } from "../../system/validate/index.ts";
import type { Paths } from "../settings/settings.ts";
import { readConfigurationOf } from "./configuration-files.ts";
import { listMachines } from "./list-machines.ts";
import { namesIn, readRecords } from "./records.ts";

const firstMachineUid = 65_536;
const uidRangeCount = 65_536;

/** What validation asks of this host for one machine. `isHere`: the machine's name and settings are here already. */
export function targetFacts(
  paths: Paths,
  host: SourceHost,
  { machine, configuration }: DetachedManifest,
  isHere: boolean,
): TargetFacts {
  const { name: _name, architecture = "", ...known } = host;
  const needs = settingsNeeds(configuration.nspawn);
  const features = host.kernelRelease === undefined ? undefined : kernelFeatures(host.kernelRelease);
  return {
    ...known,
    architecture,
    ...(features !== undefined && { kernelFeatures: features }),
    networkDevices: new Set([...namesIn("/sys/class/net"), ...Object.keys(networkInterfaces())]),
    presentPaths: new Set(needs.bindSources.map(({ what }) => what).filter((path) => existsSync(path))),
    reservedUids: reservedUids(),
    freeBytes: freeBytes(paths.machinesDirectory),
    machines: otherMachines(paths, isHere ? machine.name : undefined),
    liveCopies: readRecords(paths).flatMap(({ uuid, owner, movedTo }) =>
      uuid === machine.uuid && owner !== undefined && !isHere ? [{ uuid, where: movedTo ?? `site ${owner}` }] : [],
    ),
  };
}

function otherMachines(paths: Paths, own: string | undefined): KnownMachine[] {
  return listMachines({ paths })
    .filter(({ name }) => name !== own)
    .map(({ name, uuid, path }) => {
      const uidRange = uidRangeOf(readConfigurationOf(paths, name).nspawn, path);
      return { name, ...(uuid !== undefined && { uuid }), ...(uidRange !== undefined && { uidRange }) };
    });
}

/** The range that settings fix, else the one that the tree belongs to. */
function uidRangeOf(settings: readonly Setting[], directory: string): KnownMachine["uidRange"] {
  const range = settingsNeeds(settings).uidRange;
  if (range.kind === "fixed") return { start: range.start, count: range.count };
  const uid = statSync(directory, { throwIfNoEntry: false })?.uid ?? 0;
  return uid >= firstMachineUid ? { start: uid, count: uidRangeCount } : undefined;
}

function reservedUids(): TargetFacts["reservedUids"] {
  return ["/etc/passwd", "/etc/group"].flatMap((file) =>
    linesOf(file).flatMap((line) => {
      const [owner = "", , id = ""] = line.split(":");
      const start = /^\d{1,10}$/.test(id) ? Number(id) : 0;
      return start < firstMachineUid ? [] : [{ start, count: 1, owner }];
    }),
  );
}

function freeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

/** Modules that make each feature; a kernel has it built in, loaded, or can load it. */
const moduleOf: Readonly<Record<Exclude<KernelFeature, "user-namespaces" | "idmapped-mounts">, string>> = {
  overlay: "overlay",
  veth: "veth",
  bridge: "bridge",
  macvlan: "macvlan",
  ipvlan: "ipvlan",
};

/** What the running kernel can do; undefined where it cannot be told what it could load. */
function kernelFeatures(release: string): ReadonlySet<string> | undefined {
  const lists = ["modules.builtin", "modules.dep"].map((file) => `/lib/modules/${release}/${file}`);
  if (!lists.some((file) => existsSync(file))) return undefined;
  const modules = new Set(lists.flatMap(linesOf).flatMap((line) => /([^/:]+?)\.ko/.exec(line)?.[1] ?? []));
  const found = new Set<string>(
    Object.entries(moduleOf).flatMap(([feature, module]) =>
      modules.has(module) || existsSync(`/sys/module/${module}`) ? [feature] : [],
    ),
  );
  if (existsSync("/proc/self/ns/user")) found.add("user-namespaces");
  const [major = 0, minor = 0] = release.split(".").map(Number);
  if (major > 5 || (major === 5 && minor >= 12)) found.add("idmapped-mounts");
  return found;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return [];
  }
}

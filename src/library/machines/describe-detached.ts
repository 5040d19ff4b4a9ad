import { randomBytes } from "node:crypto";
import type { DetachedManifest } from "../../journeys/machine/detached/detached-manifest.ts";
import { valueOf } from "../../journeys/machine/settings/unit-file.ts";
import { chooseNeeded } from "../../system/validate/index.ts";
import type { Paths } from "../settings/settings.ts";
import { version } from "../version.ts";
import { readConfigurationOf } from "./configuration-files.ts";
import { describeThisHost, inheritedDirectories, readHostSoftware, type HostRoot } from "./host-software.ts";
import { machineIdOf } from "./list-machines.ts";
import { readStamp } from "./owner-stamp.ts";
import { machinePlaces } from "./places.ts";
import { knownSiteId, readRecord } from "./records.ts";
import { readRules } from "./rules.ts";
import { surveyTree } from "./survey.ts";

/** How a machine is to be described. */
export interface DescribeOptions extends HostRoot {
  /** It was never detached: nothing is said of the host it ran on. */
  readonly isRebuilt?: boolean;
  readonly signal?: AbortSignal;
  readonly warn?: (message: string) => void;
}

/** What a manifest of a machine of this host says now. Changes nothing; a machine that runs is described as well. */
export async function describeDetached(
  paths: Paths,
  name: string,
  options: DescribeOptions = {},
): Promise<DetachedManifest> {
  const { directory } = machinePlaces(paths, name);
  const record = readRecord(paths, name);
  const configuration = readConfigurationOf(paths, name);
  const { devices, ...survey } = surveyTree(directory);
  const stamp = readStamp(directory);
  const uuid = record?.uuid ?? stamp?.uuid ?? chooseUuid(configuration.nspawn, directory);
  const epochs = [record?.epoch ?? 0, stamp?.uuid === uuid ? stamp.epoch : 0];
  const isRebuilt = options.isRebuilt ?? false;
  return {
    formatVersion: 1,
    detachedAt: new Date().toISOString(),
    writtenBy: `rehome ${version}`,
    isRebuilt,
    machine: {
      name,
      uuid,
      epoch: Math.max(...epochs),
      site: knownSiteId(paths) ?? "0".repeat(32),
      ...(record?.image !== undefined && { image: record.image }),
      ...survey,
    },
    configuration: { ...configuration, autostart: configuration.autostart || record?.autostart === true },
    ...(isRebuilt
      ? { software: { packages: [], livePatches: [] }, host: { name: "" } }
      : await describeSurroundings(paths, configuration.nspawn, options)),
    devices,
  };
}

/** What a machine that is on no record is told by from now on: its machine id, or a number of its own. */
export function chooseUuid(settings: DetachedManifest["configuration"]["nspawn"], directory: string): string {
  const set = valueOf(settings, "Exec", "MachineID")?.replaceAll("-", "");
  const id = set !== undefined && /^[0-9a-f]{32}$/.test(set) ? set : machineIdOf(directory);
  return id ?? randomBytes(16).toString("hex");
}

async function describeSurroundings(
  paths: Paths,
  settings: DetachedManifest["configuration"]["nspawn"],
  options: DescribeOptions,
): Promise<Pick<DetachedManifest, "software" | "host">> {
  const rules = readRules(paths);
  const inherited = inheritedDirectories(settings, options);
  const inventory = await readHostSoftware(inherited, rules, options);
  return {
    software: chooseNeeded(inventory, inherited, rules),
    host: await describeThisHost(options, options.signal),
  };
}

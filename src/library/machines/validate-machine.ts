import { packageKey } from "../../core/inventory/inventory.ts";
import type { DetachedManifest } from "../../journeys/machine/detached/detached-manifest.ts";
import { findUnsafeSettings, findUnsafeUnitSettings } from "../../journeys/machine/settings/allow-list.ts";
import { settingsNeeds } from "../../journeys/machine/settings/settings-needs.ts";
import {
  checkHost,
  compareSoftware,
  type HostFinding,
  type MachineNeeds,
  type ValidationReport,
} from "../../system/validate/index.ts";
import { isOrdinaryDevice } from "../../journeys/machine/detached/ordinary-devices.ts";
import { isDeviceNodeMissing } from "../../host/machines/device-nodes.ts";
import type { Paths } from "../settings/settings.ts";
import { machinePlaces } from "./places.ts";
import { describeThisHost, inheritedDirectories, readHostSoftware, type HostRoot } from "./host-software.ts";
import { readRules } from "./rules.ts";
import { targetFacts } from "./target-facts.ts";

/** How a machine is to be validated. */
export interface ValidateOptions extends HostRoot {
  /** Its files lie here already, under its name. */
  readonly isHere: boolean;
  /** Its name and settings are here already. Default: as `isHere`. */
  readonly isConfigured?: boolean;
  /** Skips packages, patches, distribution, kernel and systemd. */
  readonly force?: boolean;
  /** Settings that an operator permits: `KEY` or `KEY=VALUE`. */
  readonly allow?: readonly string[];
  readonly signal?: AbortSignal;
  readonly warn?: (message: string) => void;
}

/** Everything that keeps this host from holding a machine, at once. Changes nothing. @throws {UsageError} @throws {InterruptedError} */
export async function validateMachine(
  paths: Paths,
  manifest: DetachedManifest,
  options: ValidateOptions,
): Promise<ValidationReport> {
  const rules = readRules(paths);
  const { software, configuration, machine } = manifest;
  const host = await describeThisHost(options, options.signal);
  // There is nothing to compare with where nothing is known of the source host.
  const skipSoftware = options.force === true || manifest.isRebuilt;
  const inherited = inheritedDirectories(configuration.nspawn, options);
  const asked = new Set(software.packages.map(packageKey));
  const compared = skipSoftware
    ? { checkedPackages: { source: 0, local: 0 }, findings: [] }
    : compareSoftware(
        software,
        await readHostSoftware(inherited, rules, { ...options, isAsked: (one) => asked.has(packageKey(one)) }),
        inherited,
        rules,
      );
  const facts = targetFacts(paths, host, manifest, options.isConfigured ?? options.isHere);
  const checks = checkHost(machineNeeds(manifest, options.isHere), facts, {
    ignored: rules.ignoredChecks,
    skipSoftware,
  });
  return {
    machine: machine.name,
    sourceHost: manifest.host.name,
    localHost: host.name,
    softwareChecked: !skipSoftware,
    checkedPackages: compared.checkedPackages,
    findings: [
      ...compared.findings,
      ...checks,
      ...unsafeSettings(manifest, options.allow ?? []),
      ...(options.isHere && options.allow?.includes(deviceKey) !== true ? unsafeDevices(paths, manifest) : []),
    ],
  };
}

function machineNeeds({ machine, configuration, host }: DetachedManifest, isHere: boolean): MachineNeeds {
  const needs = settingsNeeds(configuration.nspawn);
  const { uidRange } = needs;
  return {
    name: machine.name,
    uuid: machine.uuid,
    ...(host.osRelease !== undefined && { osRelease: host.osRelease }),
    inheritsFromHost: needs.bindSources.length > 0,
    ...(machine.architecture !== undefined && { architecture: machine.architecture }),
    ...(host.cpuLevel !== undefined && { cpuLevel: host.cpuLevel }),
    ...(host.kernelRelease !== undefined && { kernelRelease: host.kernelRelease }),
    kernelFeatures: needs.features,
    ...(needs.systemdVersion !== undefined && { systemdVersion: needs.systemdVersion }),
    networkDevices: needs.networkDevices,
    bindSources: needs.bindSources,
    ...(uidRange.kind === "fixed" && { uidRange: { start: uidRange.start, count: uidRange.count } }),
    bytes: isHere ? 0 : machine.bytes,
  };
}

/** Findings about settings that reach out of the machine. */
export function unsafeSettings(
  { configuration }: Pick<DetachedManifest, "configuration">,
  allow: readonly string[],
): HostFinding[] {
  const unsafe = [
    ...findUnsafeSettings(configuration.nspawn, allow),
    ...configuration.dropIns.flatMap(({ settings }) => findUnsafeUnitSettings(settings, allow)),
  ];
  return unsafe.map(({ setting: { key, value }, because }) => ({
    section: "host",
    check: "settings",
    message: `${key}=${value} is not permitted: ${because}`,
    mend: `--allow ${key}, if you trust where the machine comes from`,
  }));
}

/** What permits device nodes of any kind to be made in a machine. */
export const deviceKey = "Device";

/** Findings about device nodes that would have to be made, and lead to more than what every program may use. */
function unsafeDevices(paths: Paths, { machine, devices }: DetachedManifest): HostFinding[] {
  const { directory } = machinePlaces(paths, machine.name);
  return devices
    .filter((node) => !isOrdinaryDevice(node) && isDeviceNodeMissing(directory, node))
    .map(({ path, kind, major, minor }) => ({
      section: "host",
      check: "settings",
      message: `the ${kind} device ${major}:${minor} would be made as ${path}`,
      mend: `--allow ${deviceKey}, if the machine is to have it`,
    }));
}

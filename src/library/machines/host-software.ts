import { hostname } from "node:os";
import type { Inventory, InstalledPackage } from "../../core/inventory/inventory.ts";
import { byteStringFromText, type TreePath } from "../../core/tree/byte-string.ts";
import { observeHost, openSystemSources } from "../../host/facts/index.ts";
import { runTool, ToolFailedError } from "../../host/processes.ts";
import type { SourceHost } from "../../journeys/machine/detached/detached-manifest.ts";
import type { Setting } from "../../journeys/machine/settings/unit-file.ts";
import { settingsNeeds } from "../../journeys/machine/settings/settings-needs.ts";
import { describeHost, parseOsRelease, readInventory } from "../../system/facts/index.ts";
import { chooseChecked, packageRules, type ValidationRules } from "../../system/validate/index.ts";
import { realPath } from "../settings/real-path.ts";

/** Whose software is meant: this host's, or that of the root below a directory. */
export interface HostRoot {
  readonly hostRoot?: string;
}

/** Paths of the host that a machine with these settings inherits, as paths from the host's root. */
export function inheritedDirectories(settings: readonly Setting[], { hostRoot }: HostRoot): TreePath[] {
  return settingsNeeds(settings).bindSources.map(({ what }) =>
    byteStringFromText((hostRoot === undefined ? realPath(what) : what).replaceAll(/^\/+|\/+$/g, "")),
  );
}

/** Reads what is installed, patches of those packages alone that `isAsked` names or the rule picks. @throws {InterruptedError} */
export async function readHostSoftware(
  inherited: readonly TreePath[],
  rules: ValidationRules,
  options: HostRoot & {
    readonly isAsked?: (installed: InstalledPackage) => boolean;
    readonly signal?: AbortSignal;
    readonly warn?: (message: string) => void;
  },
): Promise<Inventory> {
  const decided = packageRules(rules);
  using sources = openSystemSources(options.hostRoot ?? "/", ({ message, path = "" }) =>
    options.warn?.(`${path}: ${message}`),
  );
  return await readInventory(sources, {
    inheritedDirectories: inherited,
    needsPatches: (installed) =>
      options.isAsked?.(installed) === true || chooseChecked({ packages: [installed] }, inherited, decided).length > 0,
    ...(options.signal && { signal: options.signal }),
  });
}

/** What a manifest says of the host that a machine runs on, and what validation asks of this one. */
export async function describeThisHost({ hostRoot }: HostRoot, signal?: AbortSignal): Promise<SourceHost> {
  const { kernelRelease, architecture, cpuLevel } = describeHost(await observeHost(signal));
  using sources = openSystemSources(hostRoot ?? "/");
  const release = ["etc/os-release", "usr/lib/os-release"]
    .map((path) => sources.files.read(path as TreePath, 1 << 20))
    .find((text) => text !== undefined);
  const systemdVersion = await readSystemdVersion(signal);
  return {
    name: hostname(),
    ...(release !== undefined && { osRelease: parseOsRelease(release) }),
    architecture,
    ...(cpuLevel !== undefined && { cpuLevel }),
    kernelRelease,
    ...(systemdVersion !== undefined && { systemdVersion }),
  };
}

async function readSystemdVersion(signal: AbortSignal | undefined): Promise<number | undefined> {
  try {
    const { stdout } = await runTool("systemd-nspawn", ["--version"], { mustSucceed: true, ...(signal && { signal }) });
    const version = /^systemd (\d{1,6})/.exec(stdout)?.[1];
    return version === undefined ? undefined : Number(version);
  } catch (error) {
    if (error instanceof ToolFailedError) return undefined;
    throw error;
  }
}

import type { InstalledPackage } from "../../core/inventory/inventory.ts";
import { UpdateFailedError } from "./errors.ts";
import { runPackageCommands } from "../../host/machines/update-packages.ts";
import { openSystemSources } from "../../host/facts/index.ts";
import { installCommand, type PackageChange } from "../../journeys/machine/update/plan-update.ts";
import { readInventory } from "../../system/facts/index.ts";

/** What is installed in the tree at `root`. @throws {InterruptedError} */
export async function readPackagesOf(root: string, signal?: AbortSignal): Promise<readonly InstalledPackage[]> {
  using sources = openSystemSources(root);
  const { packages } = await readInventory(sources, {
    inheritedDirectories: [],
    needsPatches: () => false,
    ...(signal && { signal }),
  });
  return packages;
}

/**
 * Brings packages of the tree at `root` (or of this host: `/`) to other versions, and looks whether they are at them.
 *
 * @returns What the package manager wrote. @throws {UpdateFailedError} What it did until then is left as it is.
 */
export async function updatePackages(
  root: string,
  changes: readonly PackageChange[],
  signal?: AbortSignal,
): Promise<string> {
  const commands = [["dpkg", "--configure", "--pending"], ["apt-get", "update"], installCommand(changes)];
  const { succeeded, output } = await runPackageCommands(root, commands, signal);
  if (!succeeded) throw new UpdateFailedError(root, "its package manager failed", output);
  const installed = await readPackagesOf(root, signal);
  const missing = changes.find(
    ({ name, architecture, to }) =>
      !installed.some((one) => one.name === name && one.architecture === architecture && one.version === to),
  );
  if (missing !== undefined) throw new UpdateFailedError(root, `${missing.name} is not ${missing.to} after it`, output);
  return output;
}

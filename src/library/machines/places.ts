import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoNameOf } from "../../host/system-call-error.ts";
import type { Paths } from "../settings/settings.ts";

/** Where one machine's files are. */
export interface MachinePlaces {
  readonly directory: string;
  readonly settingsFile: string;
  /** Drop-ins of its unit. */
  readonly dropInDirectory: string;
  /** The link that starts it with the host. */
  readonly autostartLink: string;
  /** Where the snapshots that were given names are, beside the machines and wherever this one lies. */
  readonly snapshotsDirectory: string;
  readonly recordFile: string;
  readonly lockFile: string;
  /** Who was asked to end, while it has not. */
  readonly stoppingFile: string;
}

/** The directory with records of machines. */
export function recordsDirectory({ stateDirectory }: Pick<Paths, "stateDirectory">): string {
  return join(stateDirectory, "machines");
}

/** The drop-in that has systemd start a machine from another directory than the usual one, which `machine relocate` writes. */
export const directoryDropIn = "rehome-directory.conf";

/** Where the files of the machine `name` are; units lie beside `.nspawn` files, as in `/etc/systemd`. */
export function machinePlaces(paths: Paths, name: string): MachinePlaces {
  const units = join(dirname(paths.nspawnDirectory), "system");
  const unit = `systemd-nspawn@${name}.service`;
  const dropInDirectory = join(units, `${unit}.d`);
  return {
    directory: relocatedTo(join(dropInDirectory, directoryDropIn)) ?? join(paths.machinesDirectory, name),
    settingsFile: join(paths.nspawnDirectory, `${name}.nspawn`),
    dropInDirectory,
    autostartLink: join(units, "machines.target.wants", unit),
    snapshotsDirectory: join(paths.machinesDirectory, ".rehome-snapshots", name),
    recordFile: join(recordsDirectory(paths), `${name}.json`),
    lockFile: join(recordsDirectory(paths), `${name}.lock`),
    stoppingFile: join(recordsDirectory(paths), `${name}.stopping`),
  };
}

/** The directory that a drop-in of `machine relocate` names; undefined where there is none. */
function relocatedTo(dropIn: string): string | undefined {
  try {
    if (statSync(dropIn, { throwIfNoEntry: false }) === undefined) return undefined;
    return /^ExecStart=.* --directory=(\/\S+)$/m.exec(readFileSync(dropIn, "utf8"))?.[1];
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES"].includes(errnoNameOf(error) ?? "")) return undefined;
    throw error;
  }
}

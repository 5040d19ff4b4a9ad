import { dirname, join } from "node:path";
import type { Paths } from "../settings/settings.ts";

/** Where one machine's files are. */
export interface MachinePlaces {
  readonly directory: string;
  readonly settingsFile: string;
  /** Drop-ins of its unit. */
  readonly dropInDirectory: string;
  /** The link that starts it with the host. */
  readonly autostartLink: string;
  readonly recordFile: string;
  readonly lockFile: string;
}

/** The directory with records of machines. */
export function recordsDirectory({ stateDirectory }: Pick<Paths, "stateDirectory">): string {
  return join(stateDirectory, "machines");
}

/** Where the files of the machine `name` are; units lie beside `.nspawn` files, as in `/etc/systemd`. */
export function machinePlaces(paths: Paths, name: string): MachinePlaces {
  const units = join(dirname(paths.nspawnDirectory), "system");
  const unit = `systemd-nspawn@${name}.service`;
  return {
    directory: join(paths.machinesDirectory, name),
    settingsFile: join(paths.nspawnDirectory, `${name}.nspawn`),
    dropInDirectory: join(units, `${unit}.d`),
    autostartLink: join(units, "machines.target.wants", unit),
    recordFile: join(recordsDirectory(paths), `${name}.json`),
    lockFile: join(recordsDirectory(paths), `${name}.lock`),
  };
}

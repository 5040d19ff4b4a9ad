import { lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { replaceFile, syncPath } from "../../host/replace-file.ts";
import { errnoNameOf } from "../../host/system-call-error.ts";
import type { MachineConfiguration } from "../../journeys/machine/detached/detached-manifest.ts";
import { parseUnitFile, writeUnitFile, type UnitFile } from "../../journeys/machine/settings/unit-file.ts";
import type { Paths } from "../settings/settings.ts";
import { directoryDropIn, machinePlaces } from "./places.ts";
import { namesIn } from "./records.ts";

const unitTemplate = "/lib/systemd/system/systemd-nspawn@.service";

/** Reads how a machine is run. Lines that systemd would pass over are left out. */
export function readConfigurationOf(paths: Paths, name: string): MachineConfiguration {
  const { settingsFile, dropInDirectory, autostartLink } = machinePlaces(paths, name);
  return {
    nspawn: readUnitFile(settingsFile).settings,
    dropIns: namesIn(dropInDirectory)
      // Where this host has put the machine is no matter of how it is run.
      .filter((file) => file !== directoryDropIn && /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}\.conf$/.test(file))
      .toSorted()
      .map((file) => ({ name: file, settings: readUnitFile(join(dropInDirectory, file)).settings })),
    autostart: lstatSync(autostartLink, { throwIfNoEntry: false }) !== undefined,
  };
}

/** Writes the `.nspawn` file and the drop-ins of a machine; durable on return. Whether it starts with the host is left as it is. */
export function writeConfigurationOf(paths: Paths, name: string, { nspawn, dropIns }: MachineConfiguration): void {
  const { settingsFile, dropInDirectory } = machinePlaces(paths, name);
  put(settingsFile, writeUnitFile(nspawn));
  for (const { name: file, settings } of dropIns) put(join(dropInDirectory, file), writeUnitFile(settings));
}

/** Removes the `.nspawn` file, the drop-ins and the link that starts a machine with its host. Safe to call twice. */
export function removeConfigurationOf(paths: Paths, name: string): void {
  const { settingsFile, dropInDirectory, autostartLink } = machinePlaces(paths, name);
  rmSync(settingsFile, { force: true });
  rmSync(dropInDirectory, { force: true, recursive: true });
  rmSync(autostartLink, { force: true });
}

/** Has a machine started with its host, or no more; durable on return. Safe to call twice. */
export function setAutostart(paths: Paths, name: string, isOn: boolean): void {
  const { autostartLink } = machinePlaces(paths, name);
  if (isOn) {
    mkdirSync(dirname(autostartLink), { recursive: true });
    try {
      symlinkSync(unitTemplate, autostartLink);
    } catch (error) {
      if (errnoNameOf(error) !== "EEXIST") throw error;
    }
  } else if (lstatSync(autostartLink, { throwIfNoEntry: false }) === undefined) return;
  else rmSync(autostartLink, { force: true });
  syncPath(dirname(autostartLink));
}

function readUnitFile(path: string): UnitFile {
  try {
    return parseUnitFile(readFileSync(path, "utf8"));
  } catch (error) {
    if (errnoNameOf(error) === "ENOENT") return { settings: [], faults: [] };
    throw error;
  }
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  replaceFile(path, text, true, 0o644);
  syncPath(dirname(path));
}

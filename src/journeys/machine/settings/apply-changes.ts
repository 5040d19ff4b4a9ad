import { UsageError } from "../../../core/errors.ts";
import { isSetting, type Setting } from "./unit-file.ts";

/** Keys that name devices of the host, in the order in which `net.N` counts what they name. */
const deviceKeys = new Set(["Interface", "MACVLAN", "IPVLAN", "Bridge"]);

/**
 * Changes settings as `--set` says: `SECTION.KEY=VALUE` replaces whatever the key had (nothing takes it away),
 * `net.N.physical=DEVICE` names another device of the host for the N-th network setting, counted from 0.
 *
 * @throws {UsageError}
 */
export function applyChanges(settings: readonly Setting[], changes: readonly string[]): Setting[] {
  return changes.reduce<Setting[]>((changed, change) => applyChange(changed, change), [...settings]);
}

function applyChange(settings: readonly Setting[], change: string): Setting[] {
  const [, name = "", value = ""] = /^([^=]+)=([^]*)$/.exec(change) ?? [];
  const network = /^net\.(\d{1,3})\.physical$/.exec(name);
  if (network !== null) return changeDevice(settings, Number(network[1]), value, change);
  const [section = "", key = "", ...rest] = name.split(".");
  const setting = { section, key, value };
  if (rest.length > 0 || !isSetting({ ...setting, value: value || "-" }))
    throw unusable(change, "it must be SECTION.KEY=VALUE or net.N.physical=DEVICE");
  const at = settings.findIndex((one) => one.section === section && one.key === key);
  const others = settings.filter((one) => one.section !== section || one.key !== key);
  if (value === "") return others;
  return at < 0 ? [...others, setting] : others.toSpliced(at, 0, setting);
}

function changeDevice(settings: readonly Setting[], wanted: number, device: string, change: string): Setting[] {
  if (!/^[^\s/:]{1,15}$/.test(device)) throw unusable(change, `"${device}" is no name of a network device`);
  let count = 0;
  let isFound = false;
  const changed = settings.map((setting) => {
    if (setting.section !== "Network" || !deviceKeys.has(setting.key)) return setting;
    const words = setting.value.split(/\s+/).map((word) => {
      if (count++ !== wanted) return word;
      isFound = true;
      return word.replace(/^[^:]*/, () => device);
    });
    return { ...setting, value: words.join(" ") };
  });
  if (!isFound) throw unusable(change, `the machine has ${count} devices of the host, counted from 0`);
  return changed;
}

function unusable(change: string, why: string): UsageError {
  return new UsageError(
    `cannot apply --set "${change}": ${why}`,
    "`rehome machine create NAME --from PATH --show` prints the settings.",
  );
}

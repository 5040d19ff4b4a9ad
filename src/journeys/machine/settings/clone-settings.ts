import type { Setting } from "./unit-file.ts";

/**
 * The settings of a clone: those of its source but for what only one of two machines can have. Its ids are picked where they
 * were fixed, and what names the source is left out: nspawn takes the name of the machine and the id in its tree then.
 */
export function cloneSettings(settings: readonly Setting[]): Setting[] {
  return settings
    .filter(({ section, key }) => section !== "Exec" || (key !== "MachineID" && key !== "Hostname"))
    .map((setting) =>
      setting.section === "Exec" && setting.key === "PrivateUsers" && /^[1-9]\d*(?::\d+)?$/.test(setting.value)
        ? { ...setting, value: "pick" }
        : setting,
    );
}

import { bindSource, overlaySources, splitColons } from "./path-list.ts";
import { systemdVersionOf } from "./known-keys.ts";
import { parseBoolean, valueOf, valuesOf, type Setting } from "./unit-file.ts";

/** Something a host must have, and the setting that asks for it. */
export interface Need<What> {
  readonly what: What;
  /** As it stands in the file: `Bridge=br0`. */
  readonly setting: string;
}

/** What the kernel of a host must be able to do. */
export type KernelFeature =
  | "user-namespaces"
  | "overlay"
  | "veth"
  | "bridge"
  | "macvlan"
  | "ipvlan"
  | "idmapped-mounts";

/** Users and groups of the host that a machine runs as: chosen when it starts, or these. */
export type UidRange =
  | { readonly kind: "none" | "pick" }
  | { readonly kind: "fixed"; readonly start: number; readonly count: number };

/** Everything that settings ask of a host. */
export interface SettingsNeeds {
  /** Paths of the host that the machine sees. */
  readonly bindSources: readonly Need<string>[];
  readonly networkDevices: readonly Need<string>[];
  readonly features: readonly Need<KernelFeature>[];
  /** The newest systemd that a setting needs. */
  readonly systemdVersion: Need<number> | undefined;
  readonly uidRange: UidRange;
}

/** Reads from the settings of a `.nspawn` file what a host must have for them. */
export function settingsNeeds(settings: readonly Setting[]): SettingsNeeds {
  const versions = settings
    .flatMap(({ section, key, value }) => {
      const since = systemdVersionOf(section, key);
      return since === undefined ? [] : [{ what: since, setting: `${key}=${value}` }];
    })
    .toSorted((a, b) => b.what - a.what);
  return {
    bindSources: bindSources(settings),
    networkDevices: networkDevices(settings),
    features: features(settings),
    systemdVersion: versions[0],
    uidRange: uidRange(settings),
  };
}

/** Paths of the host that a machine inherits, each once. */
function bindSources(settings: readonly Setting[]): Need<string>[] {
  const found = new Map<string, Need<string>>();
  for (const { section, key, value } of settings) {
    if (section !== "Files") continue;
    const sources =
      key === "Bind" || key === "BindReadOnly"
        ? [bindSource(value)]
        : key.startsWith("Overlay")
          ? overlaySources(value)
          : [];
    for (const source of sources)
      if (source.kind === "host" && !found.has(source.path))
        found.set(source.path, { what: source.path, setting: `${key}=${value}` });
  }
  return [...found.values()];
}

function networkDevices(settings: readonly Setting[]): Need<string>[] {
  return ["Interface", "MACVLAN", "IPVLAN", "Bridge"].flatMap((key) =>
    valuesOf(settings, "Network", key).flatMap((value) =>
      // `host:machine` names the device anew inside.
      value.split(/\s+/).map((name) => ({ what: splitColons(name)[0] ?? "", setting: `${key}=${value}` })),
    ),
  );
}

function features(settings: readonly Setting[]): Need<KernelFeature>[] {
  return settings.flatMap(({ section, key, value }): Need<KernelFeature>[] => {
    const setting = `${key}=${value}`;
    const need = (...what: KernelFeature[]): Need<KernelFeature>[] =>
      what.map((feature) => ({ what: feature, setting }));
    switch (`${section}.${key}`) {
      case "Exec.PrivateUsers":
        return parseBoolean(value) === false ? [] : need("user-namespaces");
      case "Files.Overlay":
      case "Files.OverlayReadOnly":
        return need("overlay");
      case "Files.Volatile":
        return value === "overlay" ? need("overlay") : [];
      case "Files.Bind":
      case "Files.BindReadOnly":
        return /(?:^|,)(?:root|owner)?idmap(?:,|$)/.test(splitColons(value)[2] ?? "") ? need("idmapped-mounts") : [];
      case "Files.PrivateUsersOwnership":
        return value === "map" ? need("idmapped-mounts") : [];
      case "Network.VirtualEthernet":
        return parseBoolean(value) === true ? need("veth") : [];
      case "Network.VirtualEthernetExtra":
        return need("veth");
      case "Network.Bridge":
      case "Network.Zone":
        return need("veth", "bridge");
      case "Network.MACVLAN":
        return need("macvlan");
      case "Network.IPVLAN":
        return need("ipvlan");
      default:
        return [];
    }
  });
}

function uidRange(settings: readonly Setting[]): UidRange {
  const value = valueOf(settings, "Exec", "PrivateUsers");
  if (value === undefined || parseBoolean(value) === false) return { kind: "none" };
  const [, start, count = "65536"] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(value) ?? [];
  return start === undefined ? { kind: "pick" } : { kind: "fixed", start: Number(start), count: Number(count) };
}

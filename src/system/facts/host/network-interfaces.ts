import type { NetworkInterfaceFact } from "../../../core/manifest/manifest.ts";
import { isRecord, numberOf, parseJson, recordsOf, textOf, type JsonRecord } from "./json.ts";

/** What the kernel shows of an interface in `/sys/class/net`. */
export interface ObservedInterface {
  readonly name: string;
  readonly macAddress?: string;
  /** `DEVTYPE` of its uevent: `wlan`, `bridge`, `vlan`, … */
  readonly deviceType?: string;
  /** The number in `type`: 1 is Ethernet, 772 the loopback (linux/if_arp.h). */
  readonly hardwareType?: number;
  readonly driver?: string;
  /** Those that the C library tells of; they stand in where there is no `ip`. */
  readonly addresses: readonly string[];
}

interface IpInterface {
  readonly kind: string | undefined;
  readonly addresses: readonly string[];
}

const kindOfHardware: Readonly<Record<number, string>> = {
  1: "ethernet",
  32: "infiniband",
  512: "ppp",
  772: "loopback",
};

/** Joins what the kernel shows with the output of `ip -json -details address`, where there is one. Sorted by name. */
export function describeNetworkInterfaces(
  observed: readonly ObservedInterface[],
  ipJson: string | undefined,
): NetworkInterfaceFact[] {
  const byName = parseIpInterfaces(ipJson ?? "");
  return observed
    .map((seen): NetworkInterfaceFact => {
      const known = byName.get(seen.name);
      const kind = known?.kind ?? seen.deviceType ?? kindOfHardware[seen.hardwareType ?? -1];
      const macAddress = /^(?:00:?)*$/.test(seen.macAddress ?? "") ? undefined : seen.macAddress;
      return {
        name: seen.name,
        ...(macAddress !== undefined && { macAddress }),
        ...(kind !== undefined && { kind }),
        ...(seen.driver !== undefined && { driver: seen.driver }),
        addresses: known?.addresses ?? seen.addresses,
      };
    })
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

function parseIpInterfaces(ipJson: string): ReadonlyMap<string, IpInterface> {
  const byName = new Map<string, IpInterface>();
  for (const link of recordsOf(parseJson(ipJson))) {
    const name = textOf(link["ifname"]);
    const details = link["linkinfo"];
    const kind = isRecord(details) ? textOf(details["info_kind"]) : undefined;
    if (name !== undefined) byName.set(name, { kind, addresses: recordsOf(link["addr_info"]).flatMap(addressOf) });
  }
  return byName;
}

function addressOf(address: JsonRecord): string[] {
  const local = textOf(address["local"]);
  const prefixLength = numberOf(address["prefixlen"]);
  return local === undefined || prefixLength === undefined ? [] : [`${local}/${prefixLength}`];
}

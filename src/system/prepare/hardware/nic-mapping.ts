import { UsageError } from "../../../core/errors.ts";

/**
 * A network interface of before and what it is now. `rename`: configuration names the new one. `bind`: the card with that
 * address, or in that slot, gets the name of before.
 */
export type NicMapping =
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "address"; readonly from: string; readonly to: string }
  | { readonly kind: "bind"; readonly name: string; readonly match: "MACAddress" | "Path"; readonly value: string };

const addressPattern = /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i;
/** `ID_PATH` of udev: a bus, and the place on it. */
const slotPattern = /^(?:pci|platform|acpi|vmbus|ccw|xen|usb)-[A-Za-z0-9:._-]+$/;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/;

/**
 * Reads all maps together. What is new in one must not be old in another: a run that is killed half-way could not be told from one that
 * has not begun. Interfaces change names with each other by the addresses of their cards.
 *
 * @throws {UsageError}
 */
export function parseNicMap(texts: readonly string[]): NicMapping[] {
  const mappings = texts.map(parseNicMapping);
  const old = mappings.map((mapping) => (mapping.kind === "bind" ? mapping.name : mapping.from));
  const twice = old.find((name, index) => old.indexOf(name) !== index);
  if (twice !== undefined)
    throw new UsageError(`cannot map ${twice} to two interfaces`, "Give each interface of before once.");
  const both = mappings.find((mapping) => mapping.kind !== "bind" && old.includes(mapping.to));
  if (both === undefined) return mappings;
  throw new UsageError(
    `cannot map to ${both.kind === "bind" ? "" : both.to}: it is mapped itself`,
    "Give names to cards by their addresses instead: --map-nic eth0=MAC --map-nic eth1=MAC.",
  );
}

/**
 * Reads `OLD=NEW` of `--map-nic`: names, MAC addresses, or a name and the address or slot (`pci-0000:00:03.0`) of its card.
 *
 * @throws {UsageError}
 */
function parseNicMapping(text: string): NicMapping {
  const equals = text.indexOf("=");
  const [from, to] = [text.slice(0, Math.max(equals, 0)), text.slice(equals + 1)];
  if (addressPattern.test(from) && addressPattern.test(to))
    return { kind: "address", from: from.toLowerCase(), to: to.toLowerCase() };
  if (namePattern.test(from)) {
    if (addressPattern.test(to)) return { kind: "bind", name: from, match: "MACAddress", value: to.toLowerCase() };
    if (slotPattern.test(to)) return { kind: "bind", name: from, match: "Path", value: to };
    if (namePattern.test(to)) return { kind: "rename", from, to };
  }
  throw new UsageError(
    `cannot use "${text}" as a map of network interfaces`,
    "Give OLD=NEW: two names (eth0=enp1s0), two MAC addresses, or a name and the MAC address or slot of its card (eth0=pci-0000:00:03.0).",
  );
}

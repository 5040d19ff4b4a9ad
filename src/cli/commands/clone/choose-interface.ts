import { UsageError } from "../../../core/errors.ts";

/** An address of this host. */
export interface OwnAddress {
  /** Of the interface, such as `eth0`. */
  readonly name: string;
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
  /** Nobody else reaches it. */
  readonly internal: boolean;
}

/**
 * The address to serve at: of the interface asked for, the address asked for, or the only one there is. Those of IPv6 count only where an
 * interface has no other.
 *
 * @param resolved The addresses of what was asked for as the name of a host. @throws {UsageError}
 */
export function chooseInterface(
  own: readonly OwnAddress[],
  asked: string | undefined,
  resolved: readonly string[],
): string | undefined {
  const reached = own.filter(({ internal, address }) => !internal && !address.startsWith("fe80:"));
  if (asked === undefined) {
    const [only, ...more] = oldFirst(reached);
    if (more.length === 0) return only?.address;
    throw new UsageError(
      `cannot choose the address to serve at: this host has ${listOf(oldFirst(reached))}`,
      "Give the one that the nodes reach, or its interface, with --interface.",
    );
  }
  const onInterface = oldFirst(own.filter(({ name, address }) => name === asked && !address.startsWith("fe80:")));
  const named = own.filter(({ address }) => address === asked || resolved.includes(address));
  const [only, ...more] = onInterface.length > 0 ? onInterface : named;
  if (only !== undefined && more.length === 0) return only.address;
  const what =
    only === undefined ? "it is no interface and no address of this host" : `it has ${listOf([only, ...more])}`;
  throw new UsageError(
    `cannot serve at "${asked}": ${what}`,
    `Give one of ${listOf(reached) || "the addresses of this host"} with --interface.`,
  );
}

function oldFirst(addresses: readonly OwnAddress[]): readonly OwnAddress[] {
  const old = addresses.filter(({ family }) => family === "IPv4");
  return old.length > 0 ? old : addresses;
}

function listOf(addresses: readonly OwnAddress[]): string {
  return addresses.map(({ name, address }) => `${address} (${name})`).join(", ");
}

import { UsageError } from "../../../core/errors.ts";

/**
 * The address to serve at: the one asked for, or the only one there is.
 *
 * @param addresses Of this host, those of loopback left out. @throws {UsageError}
 */
export function chooseInterface(addresses: readonly string[], asked: string | undefined): string | undefined {
  if (asked === undefined) {
    if (addresses.length <= 1) return addresses[0];
    throw new UsageError(
      `cannot choose the address to serve at: this host has ${addresses.join(", ")}`,
      "Give the one that the nodes reach with --interface.",
    );
  }
  if (addresses.includes(asked) || asked === "127.0.0.1" || asked === "::1") return asked;
  throw new UsageError(
    `cannot serve at "${asked}": it is no address of this host, which has ${addresses.join(", ") || "none"}`,
    "Give one of them with --interface.",
  );
}

import { UsageError } from "../../../core/errors.ts";

/** Which host name a node's copy gets. */
export type HostnameRule =
  /** What the node is called in the session: its host name, as DHCP gave it, unless it joined by another. */
  | { readonly kind: "own" }
  /** The image's own. */
  | { readonly kind: "kept" }
  /** Numbers in the order of the chain, from 1. */
  | { readonly kind: "pattern"; readonly before: string; readonly digits: number; readonly after: string }
  /** By name or address of the node; others are called as in the session. */
  | { readonly kind: "list"; readonly names: Readonly<Record<string, string>> };

/** Reads `own`, `kept`, or a pattern such as `node%03d`. @throws {UsageError} */
export function parseHostnameRule(text: string): HostnameRule {
  if (text === "own" || text === "kept") return { kind: text };
  const [, before, digits = "1", after] = /^([^%]*)%(?:0?([1-9]))?d([^%]*)$/.exec(text) ?? [];
  if (before !== undefined && after !== undefined) return { kind: "pattern", before, digits: Number(digits), after };
  throw new UsageError(`cannot use "${text}" for host names`, "Give own, kept, or a pattern such as node%03d.");
}

/** Reads a list of `NODE HOSTNAME`, one a line; what follows a `#` is no part of it. @throws {UsageError} */
export function parseHostnames(text: string): HostnameRule {
  const lines = text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
  const pairs = lines.map((line) => {
    const [node, hostname, ...more] = line.split(/\s+/);
    if (node !== undefined && hostname !== undefined && more.length === 0) return [node, hostname] as const;
    throw new UsageError(`cannot read "${line}" in a list of host names`, "Give `NODE HOSTNAME` in each line.");
  });
  return { kind: "list", names: Object.fromEntries(pairs) };
}

/**
 * The host name of a node's copy; undefined where the image's own stays.
 *
 * @param position Of the node among all of the session, from 1.
 */
export function hostnameOf(
  rule: HostnameRule,
  node: { readonly name: string; readonly host: string },
  position: number,
): string | undefined {
  switch (rule.kind) {
    case "own":
      return node.name;
    case "kept":
      return undefined;
    case "pattern":
      return `${rule.before}${String(position).padStart(rule.digits, "0")}${rule.after}`;
    default: {
      const named = [node.name, node.host].find((key) => Object.hasOwn(rule.names, key));
      return named === undefined ? node.name : rule.names[named];
    }
  }
}

import type { NodeVerdict } from "./coordinator-events.ts";
import type { HopReport } from "./hop-events.ts";

/** A node as the golden node knows it. */
export interface NodeRecord {
  readonly number: number;
  readonly name: string;
  /** Host and port of its links. */
  readonly host: string;
  readonly port: number;
  state: "waiting" | "running" | "verified" | "failed" | "lost" | "replaced";
  /** Fed at its own pace: late, slow, or accused. */
  aside: boolean;
  /** Stays at the end of the chain. */
  demoted: boolean;
  report: HopReport | undefined;
  heardAtMs: number;
  /** Since when it says that its successor holds it. */
  heldSinceMs: number | undefined;
  lostAtMs: number | undefined;
  /** Of the link to its predecessor. */
  epoch: number;
  predecessor: number;
  lostLinks: number;
  verdict: NodeVerdict | undefined;
}

/** A node that has just joined. @param late The session had started. */
export function newNode(
  who: Pick<NodeRecord, "number" | "name" | "host" | "port">,
  nowMs: number,
  late: boolean,
): NodeRecord {
  return {
    ...who,
    state: late ? "running" : "waiting",
    aside: late,
    demoted: false,
    report: undefined,
    heardAtMs: nowMs,
    heldSinceMs: undefined,
    lostAtMs: undefined,
    epoch: 0,
    predecessor: -1,
    lostLinks: 0,
    verdict: undefined,
  };
}

/** Sorts for the chain: as `order` says, then by address, then by name. */
export function chainOrder(nodes: readonly NodeRecord[], order: readonly string[]): NodeRecord[] {
  const rank = new Map(order.map((name, at) => [name, at]));
  const rankOf = (node: NodeRecord): number => rank.get(node.name) ?? rank.get(node.host) ?? order.length;
  return nodes.toSorted(
    (a, b) =>
      rankOf(a) - rankOf(b) ||
      compareText(addressKey(a.host), addressKey(b.host)) ||
      compareText(a.name, b.name) ||
      a.number - b.number,
  );
}

/** Numbers in an address compare as numbers: 10.0.0.9 comes before 10.0.0.10. */
function addressKey(host: string): string {
  return host.replaceAll(/\d+/g, (digits) => digits.padStart(10, "0"));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

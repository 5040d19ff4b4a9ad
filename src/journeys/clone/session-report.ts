import type { SessionNote } from "./chain/coordinator-events.ts";
import type { NodeRecord } from "./chain/roster.ts";
import type { SessionFigures } from "./golden/session-figures.ts";

/** How a node ended. */
export interface NodeReport {
  readonly name: string;
  readonly address: string;
  readonly ok: boolean;
  readonly state: NodeRecord["state"];
  readonly verifiedBytes: number;
  readonly retries: number;
  readonly reason: string;
}

/** What came of a session: what is printed for people and as JSON is made of this alone. */
export interface SessionReport extends SessionFigures {
  readonly session: string;
  /** How many nodes it was to wait for, if that was said. */
  readonly wanted?: number;
  /** What happened, in order: the first ten thousand. */
  readonly events: readonly SessionNote[];
  readonly nodes: readonly NodeReport[];
}

/** Makes the report of the nodes that ever joined; one that came back counts once. */
export function reportNodes(nodes: readonly NodeRecord[]): NodeReport[] {
  return nodes
    .filter(({ state }) => state !== "replaced")
    .map(({ name, host, state, verdict }) => ({
      name,
      address: host,
      ok: verdict?.ok === true,
      state,
      verifiedBytes: verdict?.verifiedBytes ?? 0,
      retries: verdict?.retries ?? 0,
      reason: verdict?.reason ?? "",
    }));
}

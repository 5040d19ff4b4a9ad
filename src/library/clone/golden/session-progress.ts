import type { Progress } from "../../../core/progress.ts";
import type { NodeRecord } from "../../../journeys/clone/chain/roster.ts";

/** What the items of a phase of a session are. */
export const sessionPhases = { waiting: "waiting", sending: "sending", checking: "checking" };

/**
 * How far a session has come: while nodes gather, how many wait; then the blocks that they have, of all that they want; then the nodes that
 * have read back their copies.
 *
 * @param wanted How many nodes it waits for; undefined where somebody says when to start.
 */
export function sessionProgress(
  hasStarted: boolean,
  nodes: readonly Pick<NodeRecord, "state" | "report">[],
  wanted: number | undefined,
): Progress {
  const version = 1;
  const bytes = 0;
  if (!hasStarted) {
    const items = nodes.filter(({ state }) => state === "waiting").length;
    // Without a total: when the others come is nobody's to tell.
    const waitsFor = wanted === undefined ? "`rehome clone go`" : `${Math.max(0, wanted - items)} more`;
    return { version, phase: sessionPhases.waiting, bytes, items, waitsFor };
  }
  const there = nodes.filter(({ state }) => state === "running" || state === "verified");
  const complete = there.reduce((sum, { report }) => sum + (report?.complete ?? 0), 0);
  const lacking = there.reduce((sum, { report }) => sum + (report?.lacking ?? 0), 0);
  const isHeard = there.every(({ report }) => report !== undefined);
  if (lacking > 0 || !isHeard)
    return { version, phase: sessionPhases.sending, bytes, items: complete, totalItems: complete + lacking };
  const verified = there.filter(({ state }) => state === "verified").length;
  return { version, phase: sessionPhases.checking, bytes, items: verified, totalItems: there.length };
}

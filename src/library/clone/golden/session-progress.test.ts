import assert from "node:assert/strict";
import { test } from "node:test";
import type { HopReport } from "../../../journeys/clone/chain/hop-events.ts";
import type { NodeRecord } from "../../../journeys/clone/chain/roster.ts";
import { sessionProgress } from "./session-progress.ts";

function node(state: NodeRecord["state"], complete: number, lacking: number): Pick<NodeRecord, "state" | "report"> {
  const report: HopReport = { complete, lacking, held: "no" } as HopReport;
  return { state, report };
}
const isNew = { state: "running", report: undefined } as const;

test("sessionProgress() says how many nodes wait, and for whom they do", () => {
  const nodes = [node("waiting", 0, 9), node("waiting", 0, 9), node("lost", 0, 9)];
  const { phase, items, waitsFor } = sessionProgress(false, nodes, 3);
  assert.deepEqual([phase, items, waitsFor], ["waiting", 2, "1 more"]);
  assert.equal(sessionProgress(false, nodes, undefined).waitsFor, "`rehome clone go`");
});

test("sessionProgress() counts the blocks of the nodes that are there, then their verdicts", () => {
  const sending = [node("running", 4, 6), node("running", 9, 1), node("lost", 1, 9), node("failed", 3, 7)];
  const { phase, items, totalItems } = sessionProgress(true, sending, 4);
  assert.deepEqual([phase, items, totalItems], ["sending", 13, 20]);
  assert.equal(sessionProgress(true, [...sending, isNew], 4).phase, "sending");
  const checking = sessionProgress(true, [node("verified", 10, 0), node("running", 10, 0)], 2);
  assert.deepEqual([checking.phase, checking.items, checking.totalItems], ["checking", 1, 2]);
});

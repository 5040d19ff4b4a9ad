import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { SessionNote } from "./chain/coordinator-events.ts";
import { newNode } from "./chain/roster.ts";
import { noteLine, reportLines, wantLine } from "./ka-lines.ts";
import { reportNodes, type SessionReport } from "./session-report.ts";

const verdict = { ok: true, digest: "ab", verifiedBytes: 830_472_192, retries: 1, reason: "" };
const events: readonly SessionNote[] = [
  { kind: "joined", name: "A", number: 1 },
  { kind: "added", name: "B", number: 2, daddy: "golden" },
  { kind: "added", name: "A", number: 1, daddy: "B" },
  { kind: "started", nodes: 24 },
  { kind: "came-back", name: "C", number: 4 },
  { kind: "set-aside", name: "C", number: 4 },
  { kind: "accused", name: "D", number: 5 },
  { kind: "lost", name: "D", number: 5 },
  { kind: "verdict", name: "A", number: 1, verdict },
];
const node = (number: number, name: string) => newNode({ number, name, host: `10.0.0.${number}`, port: 1 }, 0, false);

const report: SessionReport = {
  session: "lab1",
  wanted: 24,
  sentBytes: 25_445 * 32_768 - 3_000_000,
  packets: 25_445,
  transferMs: 69_904,
  emptiedMs: 4002,
  events,
  nodes: reportNodes([
    { ...node(1, "A"), state: "verified", verdict },
    { ...node(2, "B"), state: "verified", verdict: { ...verdict, retries: 0 } },
    { ...node(3, "C"), state: "replaced" },
    { ...node(4, "C"), state: "failed", verdict: { ...verdict, ok: false, reason: "no space" } },
    { ...node(5, "D"), state: "lost" },
  ]),
};

const golden = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../../../test/golden/chain", name), "utf8");

test("a session is told in the lines of the KA method, from the records that JSON has", () => {
  assert.deepEqual(report, JSON.parse(golden("session.json")));
  const lines = [wantLine(24), ...report.events.map(noteLine), ...reportLines(report)];
  assert.equal(`${lines.join("\n")}\n`, golden("session.txt"));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { newNode } from "./chain/roster.ts";
import { closingLines, noteLine, verdictLine, wantLine } from "./ka-lines.ts";

test("a session is told in the lines of the KA method", () => {
  assert.deepEqual(
    [
      wantLine(24),
      noteLine({ kind: "added", name: "A", number: 1, daddy: "B" }),
      noteLine({ kind: "started", nodes: 24 }),
      ...closingLines({ sentBytes: 25_445 * 32_768 - 3_000_000, packets: 25_445, transferMs: 69_904, emptiedMs: 4002 }),
    ],
    [
      "I want 24 clients",
      "Added client A, daddy = B",
      "Let's go!",
      "Total data sent = 792 Megs, in 25445 packets",
      "Transfer time = 69.904 seconds, throughput = 11.334 Mbytes/second",
      "The pipeline was emptied in 4.002 seconds",
    ],
  );
});

test("verdictLine() says how a node ended", () => {
  const node = newNode({ number: 1, name: "a", host: "h", port: 1 }, 0, false);
  const verdict = { ok: true, digest: "", verifiedBytes: 5, retries: 1, reason: "" };
  assert.equal(verdictLine({ ...node, verdict }), "a: ok, 5 bytes verified, 1 retry");
  assert.equal(verdictLine({ ...node, verdict: { ...verdict, ok: false, reason: "no space" } }), "a: failed: no space");
  assert.equal(verdictLine({ ...node, state: "lost" }), "a: lost");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ControlConnection } from "../control/control-connection.ts";
import { releaseNodes } from "./release-nodes.ts";

/** Connections of nodes that close, or stay and say nothing, once they are let go. */
function fakeConnections(numbers: readonly number[], stays: readonly number[]) {
  const released: number[] = [];
  const connections = new Map<number, ControlConnection>();
  for (const number of numbers) {
    const send = ({ kind }: { readonly kind: string }): void => {
      assert.equal(kind, "end");
      released.push(number);
      if (!stays.includes(number)) setImmediate(() => connections.delete(number));
    };
    connections.set(number, { send, heardAtMs: performance.now() } as unknown as ControlConnection);
  }
  return { released, connections };
}

test("releaseNodes() lets nodes go in the order of the chain, others last, and waits for all to have left", async () => {
  const { released, connections } = fakeConnections([1, 2, 3, 4], []);
  await releaseNodes(connections, [3, 1, 9, 2], 1, 60_000);
  assert.deepEqual(released, [3, 1, 2, 4]);
  assert.equal(connections.size, 0);
});

test("releaseNodes() does not wait for one that is not heard of any more", async () => {
  const { released, connections } = fakeConnections([1, 2], [2]);
  await releaseNodes(connections, [1, 2], 1, 10);
  assert.deepEqual(released, [1, 2]);
});

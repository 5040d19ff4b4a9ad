import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { ClaimTable } from "./claim-table.ts";
import { sha256 } from "./decode-block.ts";

const id = (number: number): Buffer => sha256(Buffer.from(`chunk ${number}`));

test("claim() says once that a chunk is new", () => {
  const table = new ClaimTable(ClaimTable.allocate(1024));
  for (let number = 0; number < 100; number++) assert.equal(table.claim(id(number)), true);
  for (let number = 0; number < 100; number++) assert.equal(table.claim(id(number)), false);
  assert.equal(table.overflowed, false);
});

test("claim() forgets rather than mistakes, and says that it did", () => {
  const table = new ClaimTable(ClaimTable.allocate(64));
  let forgotten = 0;
  for (let number = 0; number < 1000; number++)
    assert.equal(table.claim(id(number)), true, "a chunk never met is always new");
  for (let number = 0; number < 1000; number++) if (table.claim(id(number))) forgotten += 1;
  assert.ok(forgotten > 900);
  assert.equal(table.overflowed, true);
});

test("claim() compares the whole id", () => {
  const table = new ClaimTable(ClaimTable.allocate(1024));
  const first = id(1);
  assert.equal(table.claim(first), true);
  for (let at = 0; at < 32; at++) {
    const other = Buffer.from(first);
    other[at] = (other[at] ?? 0) ^ 0x80;
    assert.equal(table.claim(other), true, `byte ${at}`);
  }
});

test("claim() lets every chunk be claimed by at least one of several threads, and hardly ever by two", async () => {
  const shared = ClaimTable.allocate(2 ** 15);
  const chunks = 10_000;
  const program = `
    const { parentPort, workerData } = require("node:worker_threads");
    (async () => {
      const { ClaimTable } = await import(workerData.table);
      const { sha256 } = await import(workerData.hash);
      const table = new ClaimTable(workerData.shared);
      const claimed = [];
      for (let number = 0; number < workerData.chunks; number++) if (table.claim(sha256(Buffer.from("chunk " + number)))) claimed.push(number);
      parentPort.postMessage(claimed);
    })();`;
  const workerData = {
    shared,
    chunks,
    table: new URL("claim-table.ts", import.meta.url).href,
    hash: new URL("decode-block.ts", import.meta.url).href,
  };
  const claimed = await Promise.all(
    [1, 2].map(
      () =>
        new Promise<number[]>((resolve, reject) =>
          new Worker(program, { eval: true, workerData }).once("message", resolve).once("error", reject),
        ),
    ),
  );
  const all = claimed.flat();
  assert.equal(new Set(all).size, chunks);
  assert.ok(all.length < chunks * 1.25, `${all.length} claims of ${chunks} chunks`);
});

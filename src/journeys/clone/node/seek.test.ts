import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import { GoldenNodeUnreachableError } from "../errors.ts";
import { SeekPause } from "./seek-pause.ts";
import { seek } from "./seek.ts";

const golden = {
  session: "lab1",
  token: { fingerprint: Buffer.alloc(32), secret: Buffer.alloc(32) },
};
const hearNothing = { onMessage: () => undefined, onClosed: () => undefined };

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("seek() tries five times, a second apart, says that nobody is there, and tries on ever less often", async (context) => {
  const place = { host: "127.0.0.1", port: await closedPort() };
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { mock: failures } = context.mock.method(SeekPause.prototype, "next");
  const stop = new AbortController();
  const lines: string[] = [];
  const seeker = { golden: { ...golden, place }, name: "n1", onLine: (line: string) => void lines.push(line) };
  const sought = seek({ ...seeker, signal: stop.signal }, 0, 0, hearNothing);
  const waitsMs = [1000, 1000, 1000, 1000, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];
  for (const [at, waitMs] of waitsMs.entries()) {
    while (failures.callCount() <= at) await turn();
    assert.equal(lines.length, Math.max(0, at - 3));
    context.mock.timers.tick(waitMs - 1);
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.equal(failures.callCount(), at + 1, `after ${waitMs - 1} ms`);
    context.mock.timers.tick(1);
  }
  assert.match(lines[0] ?? "", /^Can't reach a valid KA server: /);
  stop.abort();
  await assert.rejects(sought, { code: "INTERRUPTED" });
});

test("seek() stops at once where it waits, and does not try again where it is to try once", async () => {
  const place = { host: "127.0.0.1", port: await closedPort() };
  const stop = new AbortController();
  const seeker = { golden: { ...golden, place }, name: "n1", onLine: () => undefined };
  await assert.rejects(
    seek({ ...seeker, once: true, signal: undefined }, 0, 0, hearNothing),
    GoldenNodeUnreachableError,
  );
  const sought = seek({ ...seeker, signal: stop.signal }, 0, 0, hearNothing);
  setImmediate(() => stop.abort());
  await assert.rejects(sought, { code: "INTERRUPTED" });
});

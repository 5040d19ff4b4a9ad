import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { FrameBytes } from "../link/frame-bytes.ts";
import { FrameKeys } from "../wire/frame-seal.ts";
import { encodeIndexPart } from "../wire/index-part.ts";
import { indexSubject, signSubject } from "../wire/signed.ts";
import { IndexReceiver } from "./index-receiver.ts";
import { NodeIndex } from "./node-index.ts";

const mib = 2 ** 20;
const sessionId = randomBytes(16);
const golden = generateKeyPairSync("ed25519");
const keys = new FrameKeys(sessionId, randomBytes(32));

function makeReceiver(context: TestContext, indexFrames: number): IndexReceiver {
  const directory = mkdtempSync(join(tmpdir(), "rehome-test-"));
  const index = new NodeIndex(join(directory, "index.sqlite"));
  context.after(() => {
    index[Symbol.dispose]();
    rmSync(directory, { recursive: true });
  });
  const facts = { sessionId, goldenKey: golden.publicKey, image: "" as const, indexFrames, frames: indexFrames };
  return new IndexReceiver(facts, keys, index);
}

function frameOf(frame: number, part: Buffer, signer = golden.privateKey): FrameBytes {
  const signature = signSubject(indexSubject(sessionId, frame, part), signer);
  return FrameBytes.sealed(keys, { type: "index", frame, sealer: 0, counter: 1 }, Buffer.concat([signature, part]));
}

test("parts come in any order, and twice; one that the golden node has not signed is none", (context) => {
  const receiver = makeReceiver(context, 2);
  const parts = [randomBytes(100), randomBytes(200)] as const;
  const stranger = generateKeyPairSync("ed25519").privateKey;
  assert.throws(() => receiver.take(frameOf(0, parts[0], stranger)), { code: "OBJECT_DAMAGED" });
  for (const frame of [1, 1] as const) receiver.take(frameOf(frame, parts[frame]));
  assert.equal(receiver.isComplete, false);
  assert.equal(receiver.part(0), undefined);
  receiver.take(frameOf(0, parts[0]));
  assert.equal(receiver.isComplete, true);
  for (const frame of [0, 1] as const) assert.deepEqual(receiver.part(frame)?.subarray(64), parts[frame]);
});

test("the event loop turns while an index is read, so that the golden node hears of who reads it", async (context) => {
  const frames = 20;
  const receiver = makeReceiver(context, frames);
  for (let frame = 0; frame < frames; frame++) {
    const block = { codec: 0, storedBytes: 7, chunkIds: randomBytes(32), chunkLengths: Uint32Array.of(7) } as const;
    receiver.take(frameOf(frame, encodeIndexPart([{ kind: "directory", blocks: [block] }])));
  }
  let turns = 0;
  const count = (): void => {
    turns += 1;
    if (turns < frames) setImmediate(count);
  };
  setImmediate(count);
  await assert.rejects(receiver.read(), { code: "FORMAT_INVALID" }, "it has no manifest");
  assert.equal(turns, frames);
});

test("an index of any size takes no memory that grows with it", async (context) => {
  const receiver = makeReceiver(context, 100);
  const part = randomBytes(mib / 2);
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const before = process.memoryUsage().arrayBuffers;
  for (let frame = 0; frame < 100; frame++) receiver.take(frameOf(frame, part));
  assert.equal(receiver.isComplete, true);
  // What was collected is freed by another thread.
  const grownBytes = (): number => process.memoryUsage().arrayBuffers - before;
  for (let tries = 0; tries < 100 && grownBytes() > 4 * mib; tries++) {
    collect();
    await wait(10);
  }
  assert.ok(grownBytes() <= 4 * mib, `${grownBytes()} bytes more for 50 MiB`);
  assert.equal(receiver.part(99)?.length, mib / 2 + 64);
});

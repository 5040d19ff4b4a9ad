import assert from "node:assert/strict";
import { mkdirSync, openSync, closeSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import type { ByteString } from "../core/tree/byte-string.ts";
import { sha256 } from "../image/chunker/decode-block.ts";
import type { ChunkId } from "../core/tree/entry.ts";
import type { FileCheck, FileCheckBatch, FileCheckResult } from "../system/compare/file-check.ts";
import { WorkerFailedError, WorkerPool } from "./pool.ts";

type Pool = WorkerPool<FileCheckBatch, FileCheckResult[]>;

const makePool = (size = 2, depth = 2): Pool => new WorkerPool("compare-worker", {}, size, depth);

/** A directory with files, and checks of them that find nothing different. */
function checks(context: TestContext, count: number): { readonly list: FileCheck[] } {
  const directory = join(temporaryDirectory(context), "files");
  mkdirSync(directory);
  const file = openSync(directory, "r");
  context.after(() => closeSync(file));
  const list = Array.from({ length: count }, (_, number) => {
    const content = Buffer.from(`content ${number}`);
    writeFileSync(join(directory, String(number)), content);
    const piece = {
      kind: "chunk",
      id: sha256(content).toString("hex") as ChunkId,
      lengthBytes: content.length,
    } as const;
    return {
      directory: file,
      name: String(number) as ByteString,
      start: 0,
      pieces: [piece],
      whole: undefined,
      fromDevice: false,
    };
  });
  return { list };
}

test("WorkerPool answers every request, whichever thread takes it", async (context) => {
  await using pool = makePool();
  const { list } = checks(context, 40);
  const answers = await Promise.all(
    list.map(async (check, number) => {
      await pool.room();
      return await pool.run({ checks: number % 2 === 0 ? [check] : [{ ...check, name: "absent" as ByteString }] });
    }),
  );
  assert.deepEqual(
    answers.map(([result]) => result?.aspects.length),
    list.map((_, number) => number % 2),
  );
});

test("room() waits while as many requests are on their way as the pool takes", async (context) => {
  await using pool = makePool(1, 1);
  const [check] = checks(context, 1).list;
  assert.equal(pool.capacity, 1);
  const answer = pool.run({ checks: [check!] });
  assert.equal(pool.busy, 1);
  let hasRoom = false;
  const room = pool.room().then(() => (hasRoom = true));
  await Promise.resolve();
  assert.equal(hasRoom, false);
  await answer;
  await room;
  assert.equal(pool.busy, 0);
});

test("WorkerPool that is given up while its threads start ends without bringing the process down", async (context) => {
  const [check] = checks(context, 1).list;
  for (let round = 0; round < 8; round++) {
    const pool = makePool();
    const answer = pool.run({ checks: [check!] });
    answer.catch(() => undefined);
    if (round % 2 === 1) await answer;
    await pool[Symbol.asyncDispose]();
    await assert.rejects(pool.run({ checks: [] }), WorkerFailedError);
    await assert.rejects(pool.room(), WorkerFailedError);
  }
});

test("WorkerPool fails a request that its thread cannot answer, and answers the others", async (context) => {
  await using pool = makePool(1);
  const [check] = checks(context, 1).list;
  const broken = pool.run({ checks: null } as unknown as FileCheckBatch);
  const sound = pool.run({ checks: [check!] });
  await assert.rejects(broken, WorkerFailedError);
  assert.deepEqual(await sound, [{ aspects: [] }]);
});

test("WorkerPool fails every request when a thread cannot start", async () => {
  await using pool = new WorkerPool<FileCheckBatch, FileCheckResult[]>("absent-worker" as "compare-worker", {}, 1);
  await assert.rejects(pool.run({ checks: [] }), WorkerFailedError);
  await assert.rejects(pool.room(), WorkerFailedError);
});

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { checkStore } from "../../src/image/care/check.ts";
import { prune, type PruneResult } from "../../src/image/care/prune.ts";
import { memoryBlobStore } from "../../src/image/blob-store/memory-blob-store.ts";
import { listImageNames, removeName } from "../../src/image/store/image-names.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { Session } from "../../src/image/store/session.ts";
import { probeOf, writeVersion } from "../crash/store-on-disk.ts";
import { captureInProcess } from "../support/in-process-capture.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** A store that several processes have open, each with its own pid; all of them live. */
interface Shared {
  readonly root: string;
  open(pid: number): Promise<ImageStore>;
}

const pids = [1, 2, 3, 4, 5];

function share(t: TestContext): Shared {
  const place = temporaryDirectory(t);
  const root = join(place, "tree");
  mkdirSync(root);
  const blobs = memoryBlobStore();
  return {
    root,
    open: (pid) =>
      ImageStore.openOrCreate({ blobs, probe: probeOf(pid, pids), cacheDirectory: join(place, `cache-${pid}`) }),
  };
}

function pruneAll(store: ImageStore): Promise<PruneResult> {
  return prune(store, { dryRun: false, minNeededShare: 0.5, onProgress: () => undefined });
}

async function assertWhole(store: ImageStore): Promise<void> {
  assert.deepEqual((await checkStore(store, { onProgress: () => undefined })).damages, []);
}

test("capture() relies on nothing that a prune removes, when it stores again what was condemned", async (t) => {
  const shared = share(t);
  writeVersion(shared.root, 1);
  using store = await shared.open(1);
  await captureInProcess(store, shared.root, "web");
  await removeName(store.blobs, { name: "web", tag: "1" });
  const reader = await Session.begin(store.blobs, store.probe, "a long reader", []);
  using pruner = await shared.open(2);
  assert.ok((await pruneAll(pruner)).waitingPacks > 0, "the prune waits for the reader");

  using writer = await shared.open(3);
  await captureInProcess(writer, shared.root, "web", {
    beforePublishing: async () => {
      await reader[Symbol.asyncDispose]();
      assert.ok((await pruneAll(pruner)).removedPacks > 0, "the prune sweeps while the capture runs");
    },
  });
  await assertWhole(store);
  assert.equal((await listImageNames(store.blobs)).length, 1);
});

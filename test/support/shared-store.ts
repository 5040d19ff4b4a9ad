import { join } from "node:path";
import type { TestContext } from "node:test";
import { memoryBlobStore } from "../../src/image/blob-store/memory-blob-store.ts";
import type { BlobStore } from "../../src/image/blob-store/blob-store.ts";
import { checkStore, type CheckResult } from "../../src/image/care/check.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";
import type { SessionOwner } from "../../src/image/store/session.ts";
import { memoryDirectory } from "./memory-directory.ts";
import { atEnd } from "./at-end.ts";

/** A store in memory that processes of several hosts have open: all in this one, each with a pid of its own. */
export class SharedStore {
  readonly objects: Map<string, Buffer> = new Map();
  readonly blobs: BlobStore = memoryBlobStore(this.objects);
  /** Pids that have ended. */
  readonly dead: Set<number> = new Set();
  readonly #place: string;
  readonly #context: TestContext;

  constructor(context: TestContext) {
    this.#context = context;
    this.#place = memoryDirectory(context);
  }

  /** Opens the store as process `pid` of `host`, until the test ends. Processes know each other only on one host. */
  async open(pid: number, host = "here", blobs: BlobStore = this.blobs): Promise<ImageStore> {
    const owner: SessionOwner = { host, bootId: "boot", pidNamespace: "pid:[1]", pid, startTicks: 1 };
    const store = await ImageStore.openOrCreate({
      blobs,
      probe: { self: () => owner, isAlive: (other) => (other.host === host ? !this.dead.has(other.pid) : undefined) },
      cacheDirectory: join(this.#place, host),
    });
    atEnd(this.#context, () => store[Symbol.dispose]());
    return store;
  }

  /** Keys of objects below `prefix`, sorted. */
  keys(prefix: string): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix)).toSorted();
  }

  /** Changes bytes of an object. */
  change(key: string, change: (bytes: Buffer) => Buffer): void {
    this.objects.set(key, change(Buffer.from(this.objects.get(key) ?? Buffer.alloc(0))));
  }
}

/** Checks a store without a word on the way. */
export function check(store: ImageStore): Promise<CheckResult> {
  return checkStore(store, { onProgress: () => undefined });
}

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { RehomeError } from "../../src/core/errors.ts";
import { memoryBlobStore } from "../../src/image/blob-store/memory-blob-store.ts";
import { prune } from "../../src/image/care/prune.ts";
import { listImageNames, removeName } from "../../src/image/store/image-names.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { readTree } from "../../src/image/tree-index/tree-index-reader.ts";
import { check, probeOf, writeVersion } from "../crash/store-on-disk.ts";
import { captureInProcess } from "../support/in-process-capture.ts";
import { randomNumbers, testSeed, testTimes } from "../support/seed.ts";
import { memoryDirectory } from "../support/memory-directory.ts";
import { Scheduler } from "./scheduler.ts";

const seeds = 120 * testTimes;
const roundsASeed = 5;

/** What an actor does with the store; it may be refused with one of `refusals`. */
interface Act {
  readonly what: string;
  readonly run: (store: ImageStore) => Promise<unknown>;
  readonly refusals: readonly string[];
}

/** Processes on two hosts that share a store; each has a pid of its own. */
class Play {
  readonly #blobs = memoryBlobStore();
  readonly #random: () => number;
  readonly #place: string;
  readonly #alive = new Set<number>();
  #pid = 0;
  /** Images that must be there. */
  readonly published = new Set<string>();

  constructor(place: string, seed: number) {
    this.#place = place;
    this.#random = randomNumbers(seed);
    for (const root of ["a", "b"]) mkdirSync(join(place, root));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #open(pid: number, blobs: ImageStore["blobs"]): Promise<ImageStore> {
    const probe = probeOf(pid, []);
    return ImageStore.openOrCreate({
      blobs,
      probe: { ...probe, isAlive: ({ pid: other }) => this.#alive.has(other) },
      cacheDirectory: join(this.#place, `host-${this.#below(2)}`),
    });
  }

  /** Runs acts at once. One of them may be stopped somewhere, taken for dead, and go on when the others have ended. */
  async round(acts: readonly Act[]): Promise<void> {
    const scheduler = new Scheduler(this.#random);
    const sleeper = this.#below(Math.ceil(acts.length * 1.5));
    await scheduler.run(
      acts.map(({ what, run, refusals }, at) => async () => {
        const pid = ++this.#pid;
        this.#alive.add(pid);
        const actor = `${what} ${at}`;
        const sleepsAt = at === sleeper ? 1 + this.#below(70) : Number.POSITIVE_INFINITY;
        const blobs = scheduler.storeOf(actor, this.#blobs, (turn) => {
          if (turn !== sleepsAt) return;
          scheduler.pause(actor);
          this.#alive.delete(pid);
        });
        try {
          using store = await this.#open(pid, blobs);
          await run(store);
        } catch (error) {
          // Who was taken for dead may find anything gone, as long as it says so.
          const isRefused = error instanceof RehomeError && (at === sleeper || refusals.includes(error.code));
          if (!isRefused) throw new Error(`${actor}${at === sleeper ? ", which slept," : ""} failed`, { cause: error });
        } finally {
          this.#alive.delete(pid);
        }
      }),
    );
    await this.#assertWhole();
  }

  /** Acts of a round, drawn: captures with shared content, prunes, removals, tags, readers. Each capture has a tree of its own. */
  async drawActs(): Promise<Act[]> {
    const names = await listImageNames(this.#blobs);
    const any = () => names[this.#below(names.length)];
    const acts: Act[] = ["a", "b"].slice(this.#below(2)).map((root) => this.#capture(root));
    for (let count = 1 + this.#below(2); count > 0; count--) acts.push(this.#prune());
    // Most names go, so that what captures look for is often garbage.
    const removed = names.filter(() => this.#random() < 0.8);
    for (const name of removed) this.published.delete(`${name.name}:${name.tag}`);
    const removeAll = async ({ blobs }: ImageStore): Promise<void> => {
      for (const name of removed) await removeName(blobs, name);
    };
    acts.push({ what: "rm", run: removeAll, refusals: [] });
    const tagged = any();
    if (tagged && this.#below(2) === 0) {
      const tag = `tag${this.#pid}`;
      const operand = { kind: "image", by: { kind: "name", name: tagged.name, tag: tagged.tag } } as const;
      acts.push({
        what: "tag",
        run: async (store) => {
          await store.tagImage(operand, tag);
          this.published.add(`${tagged.name}:${tag}`);
        },
        refusals: ["IMAGE_NOT_FOUND"],
      });
    }
    const read = any();
    if (read) acts.push(this.#read(read.name, read.tag));
    return acts;
  }

  #capture(root: string): Act {
    const name = ["web", "db"][this.#below(2)] ?? "web";
    writeVersion(join(this.#place, root), 1 + this.#below(4), "shared");
    return {
      what: `capture ${name}`,
      run: async (store) => {
        const { name: made } = await captureInProcess(store, join(this.#place, root), name);
        this.published.add(`${made.name}:${made.tag}`);
      },
      refusals: [],
    };
  }

  #prune(): Act {
    const settings = { dryRun: false, minNeededShare: this.#below(2) / 2 + 0.5, onProgress: () => undefined };
    return { what: "prune", run: (store) => prune(store, settings), refusals: [] };
  }

  /** Opens an image or is told that it is gone; once open, all of it is there. */
  #read(name: string, tag: string): Act {
    return {
      what: `read ${name}:${tag}`,
      run: async (store) => {
        await using opened = await store.openImage({ kind: "image", by: { kind: "name", name, tag } }, "read");
        for await (const entry of readTree(store.chunks, opened.manifest.tail.tree))
          if (entry.kind === "file")
            for (const piece of entry.pieces)
              if (piece.kind === "chunk") await store.chunks.readChunk(piece.id, piece.lengthBytes);
      },
      refusals: ["IMAGE_NOT_FOUND"],
    };
  }

  async #assertWhole(): Promise<void> {
    using store = await this.#open(++this.#pid, this.#blobs);
    assert.deepEqual((await check(store)).damages, []);
    const labels = new Set((await listImageNames(this.#blobs)).map(({ name, tag }) => `${name}:${tag}`));
    assert.deepEqual(
      [...this.published].filter((label) => !labels.has(label)),
      [],
    );
  }

  /** With nobody else about, a prune leaves only what images need. */
  async end(): Promise<void> {
    using store = await this.#open(++this.#pid, this.#blobs);
    for (let time = 0; time < 2; time++)
      await prune(store, { dryRun: false, minNeededShare: 1, onProgress: () => undefined });
    await this.#assertWhole();
    const left = [...this.#blobs.objects.keys()].filter((key) => /^(?:sessions|condemned)\//.test(key));
    assert.deepEqual(left, []);
  }
}

test("captures, prunes, removals, tags and readers in any order lose nothing and disturb nobody", async (t: TestContext) => {
  t.diagnostic(`seed ${testSeed}`);
  for (let seed = testSeed; seed < testSeed + seeds; seed++) {
    const place = memoryDirectory(t);
    const play = new Play(place, seed);
    try {
      for (let round = 0; round < roundsASeed; round++) await play.round(await play.drawActs());
      await play.end();
    } catch (error) {
      throw new Error(`with REHOME_TEST_SEED=${seed}`, { cause: error });
    }
  }
});

import type { BlobStore, ListedBlob } from "../../src/image/blob-store/blob-store.ts";

const maxChanges = 4;
/** As many turns as a few actors need together. */
const spanTurns = 250;

/**
 * Lets several actors of one process take turns at a store: each operation on the store, and each object that a listing
 * yields, waits for its turn. One actor has all turns until it ends or is pushed to the end of the line, which happens to
 * whoever is first at a few moments drawn at random: faults that need few changes at the right moments are met soon so. The
 * same numbers give the same order.
 */
export class Scheduler {
  readonly #random: () => number;
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #paused = new Set<string>();
  #running = 0;
  /** Actors that have met, who comes first has the turns. */
  #line: string[] = [];
  #turns = 0;
  readonly #changes: ReadonlySet<number>;

  constructor(random: () => number) {
    this.#random = random;
    const count = 1 + Math.floor(random() * maxChanges);
    this.#changes = new Set(Array.from({ length: count }, () => Math.floor(random() * spanTurns)));
  }

  /** A view of `blobs` whose operations are those of `actor`; `beforeTurn` is called with the number of each, from 1. */
  storeOf(actor: string, blobs: BlobStore, beforeTurn?: (number: number) => void): BlobStore {
    let turns = 0;
    const turn = (): Promise<void> => {
      beforeTurn?.(++turns);
      return this.#turn(actor);
    };
    const shuffle = (keys: readonly ListedBlob[]): ListedBlob[] => this.#shuffle(keys);
    return {
      location: blobs.location,
      async put(key, parts) {
        await turn();
        const isNew = await blobs.put(key, parts);
        await turn();
        return isNew;
      },
      async get(key, range) {
        await turn();
        return await blobs.get(key, range);
      },
      async *list(prefix): AsyncGenerator<ListedBlob> {
        await turn();
        // In no order, and as a directory may do it: what comes or goes meanwhile is seen or not.
        const keys: ListedBlob[] = [];
        for await (const blob of blobs.list(prefix)) keys.push(blob);
        for (const blob of shuffle(keys)) {
          if (prefix !== "packs/" && prefix !== "") await turn();
          if ((await blobs.get(blob.key, { offset: 0, lengthBytes: 0 })) !== undefined) yield blob;
        }
      },
      settle: (prefix) => blobs.settle(prefix),
      async delete(key) {
        await turn();
        await blobs.delete(key);
      },
      removeLeftovers: (olderThanMs) => blobs.removeLeftovers(olderThanMs),
    };
  }

  /** From now on `actor` gets no turn, as if its process were stopped. */
  pause(actor: string): void {
    this.#paused.add(actor);
  }

  resume(actor: string): void {
    this.#paused.delete(actor);
  }

  /** Runs actors to their ends; rejects as the first of them that fails does, when all have ended. */
  async run(actors: readonly (() => Promise<unknown>)[]): Promise<void> {
    const failures: unknown[] = [];
    const runs = actors.map(async (act) => {
      this.#running += 1;
      try {
        await act();
      } catch (error) {
        failures.push(error);
      } finally {
        this.#running -= 1;
      }
    });
    while (this.#running > 0) {
      // Everybody goes on until it waits for its turn or has ended.
      await new Promise((resolve) => void setImmediate(resolve));
      this.#giveTurn();
    }
    await Promise.all(runs);
    if (failures.length > 0) throw failures[0];
  }

  #shuffle(keys: readonly ListedBlob[]): ListedBlob[] {
    return keys
      .map((key) => ({ key, at: this.#random() }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ key }) => key);
  }

  #turn(actor: string): Promise<void> {
    return new Promise((resolve) => {
      const queue = this.#waiting.get(actor) ?? [];
      queue.push(resolve);
      this.#waiting.set(actor, queue);
    });
  }

  #giveTurn(): void {
    const ready = [...this.#waiting].filter(([actor, queue]) => queue.length > 0 && !this.#paused.has(actor));
    if (ready.length === 0) {
      // Only those that are paused are left: time to wake up.
      this.#paused.clear();
      return;
    }
    for (const [actor] of ready)
      if (!this.#line.includes(actor))
        this.#line.splice(Math.floor(this.#random() * (this.#line.length + 1)), 0, actor);
    const isReady = (actor: string): boolean => ready.some(([other]) => other === actor);
    if (this.#changes.has(++this.#turns)) {
      const pushed = this.#line.find(isReady) as string;
      this.#line = [...this.#line.filter((actor) => actor !== pushed), pushed];
    }
    const first = this.#line.find(isReady);
    ready.find(([actor]) => actor === first)?.[1].shift()?.();
  }
}

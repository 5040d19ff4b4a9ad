import { throwIfInterrupted } from "../../../core/errors.ts";
import type { PackWriter } from "../../../image/store/pack-writer.ts";
import type { FilePool } from "../ports.ts";
import type { FileBatch, FileOutcome } from "./file-batch.ts";
import type { RateLimit } from "./rate-limit.ts";

const batchBytes = 4 * 1024 * 1024;
const batchItems = 512;

type Item = FileBatch["items"][number];

/** Takes an item's outcome and the bytes that belong to it (a view). */
export type TakeOutcome = (outcome: FileOutcome, bytes: Uint8Array) => Promise<void> | undefined;

/**
 * Gathers items into batches for the pool and hands out what comes back; blocks go straight to the packs.
 *
 * Invariant: only as many batches are on their way as the pool has room for; a failure is thrown at the next call.
 */
export class BatchSender {
  readonly #pool: FilePool;
  readonly #packs: Pick<PackWriter, "add">;
  readonly #rate: RateLimit;
  readonly #signal: AbortSignal | undefined;
  readonly #underWay = new Set<Promise<void>>();
  #items: Item[] = [];
  #takers: TakeOutcome[] = [];
  #bytes = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(pool: FilePool, packs: Pick<PackWriter, "add">, rate: RateLimit, signal: AbortSignal | undefined) {
    this.#pool = pool;
    this.#packs = packs;
    this.#rate = rate;
    this.#signal = signal;
  }

  /** Adds an item; waits while the pool has no room. */
  async add(item: Item, sizeBytes: number, take: TakeOutcome): Promise<void> {
    this.#items.push(item);
    this.#takers.push(take);
    this.#bytes += sizeBytes;
    if (this.#bytes >= Math.min(batchBytes, this.#rate.batchBytes) || this.#items.length >= batchItems)
      await this.#send();
  }

  /** Waits until a batch has come back, sending what is gathered first if nothing is on its way. */
  async settleOne(): Promise<void> {
    if (this.#underWay.size === 0) await this.#send();
    if (this.#underWay.size > 0) await Promise.race(this.#underWay);
    this.#rethrow();
  }

  /** Sends what is left and waits for everything, also what outcomes make anew. */
  async finish(): Promise<void> {
    while (this.#items.length > 0 || this.#underWay.size > 0) {
      await this.#send();
      await Promise.all(this.#underWay);
      this.#rethrow();
    }
  }

  async #send(): Promise<void> {
    this.#rethrow();
    if (this.#items.length === 0) return;
    const [items, takers, bytes] = [this.#items, this.#takers, this.#bytes];
    this.#items = [];
    this.#takers = [];
    this.#bytes = 0;
    throwIfInterrupted(this.#signal, "the capture");
    await this.#rate.take(bytes, this.#signal);
    throwIfInterrupted(this.#signal, "the capture");
    await this.#pool.room();
    const trip = this.#pool
      .run({ items })
      .then(async (result) => {
        for (const block of result.blocks) await this.#packs.add(block);
        let start = 0;
        for (const [at, outcome] of result.outcomes.entries()) {
          await takers[at]?.(outcome, result.bytes.subarray(start, outcome.end));
          start = outcome.end;
        }
      })
      .catch((error: unknown) => {
        this.#failure ??= { error };
      });
    this.#underWay.add(trip);
    void trip.then(() => this.#underWay.delete(trip));
  }

  #rethrow(): void {
    if (this.#failure) throw this.#failure.error;
  }
}

import type { ImageStore } from "../store/image-store.ts";
import { findSessions, type FoundSession } from "../store/session.ts";

/** What the session of a prune says it is for. */
export const prunePurpose = "prune";

/**
 * Says whether a session is that of a prune; one that cannot be read may be.
 *
 * Records from before are settled and swept by one prune at a time. Two would undo each other's decisions: one ends a record because
 * its packs are needed again, a capture relies on them from then on, and the other, which still has the record at hand and
 * does not know the capture, removes them once they look unneeded.
 */
export function mayPrune({ record }: FoundSession): boolean {
  return record === undefined || record.purpose === prunePurpose;
}

/**
 * The sessions of others that a prune has to respect now. Those that lapsed lose their objects first, and everything is
 * looked at again: so an owner that only slept finds out before it publishes, or is seen to have renewed itself.
 */
export class LiveSessions {
  readonly #store: ImageStore;
  readonly #own: string;
  readonly #keepsLapsed: boolean;
  /** Lapsed sessions removed so far. */
  removed = 0;

  constructor(store: ImageStore, own: string, keepsLapsed: boolean) {
    this.#store = store;
    this.#own = own;
    this.#keepsLapsed = keepsLapsed;
  }

  async list(): Promise<FoundSession[]> {
    for (;;) {
      const others = (await findSessions(this.#store.blobs, this.#store.probe)).filter(({ id }) => id !== this.#own);
      const lapsed = others.filter((session) => session.lapsed);
      if (lapsed.length === 0 || this.#keepsLapsed) return others.filter((session) => !session.lapsed);
      for (const key of lapsed.flatMap(({ keys }) => keys)) await this.#store.blobs.delete(key);
      this.removed += lapsed.length;
    }
  }
}

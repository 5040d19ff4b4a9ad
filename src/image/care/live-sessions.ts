import type { ImageStore } from "../store/image-store.ts";
import { findSessions, type FoundSession } from "../store/session.ts";

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

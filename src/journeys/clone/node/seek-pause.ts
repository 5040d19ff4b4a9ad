const tries = 5;
const firstMs = 1000;
const longestMs = 30_000;

/** How long a node waits before it tries again to reach its golden node: after each of five failures one second, then longer and longer, up to 30 s. */
export class SeekPause {
  #failures = 0;

  /** After a failure. `isHopeless`: people should be told. */
  next(): { readonly waitMs: number; readonly isHopeless: boolean } {
    this.#failures += 1;
    const grown = firstMs * 2 ** Math.min(10, Math.max(0, this.#failures - tries));
    return { waitMs: Math.min(longestMs, grown), isHopeless: this.#failures >= tries };
  }
}

/** Keeps what leaves below a rate: each piece waits for those before it. */
export class Pace {
  readonly #bytesPerSecond: () => number | undefined;
  #freeAtMs = 0;

  /** @param bytesPerSecond Asked each time, since it may change; undefined: no limit. */
  constructor(bytesPerSecond: () => number | undefined) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Resolves when so many bytes may go. */
  async turn(bytes: number): Promise<void> {
    const rate = this.#bytesPerSecond();
    if (rate === undefined) return;
    const nowMs = performance.now();
    const waitMs = this.#freeAtMs - nowMs;
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + (bytes * 1000) / rate;
    if (waitMs > 0) await new Promise((resolve) => void setTimeout(resolve, waitMs));
  }
}

/** Keeps what leaves below a rate: each piece waits for those before it. */
export class Pace {
  readonly #bytesPerMs: number | undefined;
  #freeAtMs = 0;

  /** @param bytesPerSecond Undefined: no limit. */
  constructor(bytesPerSecond: number | undefined) {
    this.#bytesPerMs = bytesPerSecond === undefined ? undefined : bytesPerSecond / 1000;
  }

  /** Resolves when so many bytes may go. */
  async turn(bytes: number): Promise<void> {
    if (this.#bytesPerMs === undefined) return;
    const nowMs = performance.now();
    const waitMs = this.#freeAtMs - nowMs;
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + bytes / this.#bytesPerMs;
    if (waitMs > 0) await new Promise((resolve) => void setTimeout(resolve, waitMs));
  }
}

const stepBytes = 256 * 1024;
const spareLimitBytes = 32 * 1024 * 1024;

/**
 * Memory for frames, which is used again: left to the collector, what went through would fill ten times as much, and every page
 * of it would be cleared anew.
 *
 * Invariant: what was taken is given to nobody else until it was given back.
 */
export class FrameMemory {
  readonly #spare = new Map<number, SharedArrayBuffer[]>();
  #spareBytes = 0;

  /** Memory of at least so many bytes; what was in it before may still be there. */
  take(sizeBytes: number): SharedArrayBuffer {
    const roundedBytes = Math.ceil(sizeBytes / stepBytes) * stepBytes;
    const spare = this.#spare.get(roundedBytes)?.pop();
    if (spare === undefined) return new SharedArrayBuffer(roundedBytes);
    this.#spareBytes -= roundedBytes;
    return spare;
  }

  /** Takes back what nobody reads nor writes any more. */
  giveBack(memory: SharedArrayBuffer): void {
    const { byteLength } = memory;
    if (this.#spareBytes + byteLength > spareLimitBytes) {
      // Frames of other sizes come now, perhaps.
      this.#spare.clear();
      this.#spareBytes = 0;
    }
    this.#spare.set(byteLength, [...(this.#spare.get(byteLength) ?? []), memory]);
    this.#spareBytes += byteLength;
  }
}

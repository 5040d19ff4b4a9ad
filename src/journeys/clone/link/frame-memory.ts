const leastBytes = 4096;
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

  /** Memory of at least so many bytes, and not many more; what was in it before may still be there. */
  take(sizeBytes: number): SharedArrayBuffer {
    const roundedBytes = roundUp(sizeBytes);
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

/** To one of few sizes, so that what was given back fits others. What compresses well makes frames of a few kilobytes, and many at once. */
function roundUp(sizeBytes: number): number {
  if (sizeBytes > stepBytes) return Math.ceil(sizeBytes / stepBytes) * stepBytes;
  return 2 ** Math.ceil(Math.log2(Math.max(leastBytes, sizeBytes)));
}

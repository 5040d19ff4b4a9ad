import type { FrameRange } from "../wire/frame-ranges.ts";

/**
 * A set of frame numbers, kept as ranges: what chains lack or want is nearly always a few long ones.
 *
 * Invariant: ranges are ascending, not empty, and do not touch.
 */
export class FrameSet {
  #ranges: { start: number; end: number }[] = [];
  #size = 0;

  constructor(ranges: readonly FrameRange[] = []) {
    for (const range of ranges) this.add(range.start, range.end);
  }

  /** How many numbers are in it. */
  get size(): number {
    return this.#size;
  }

  get ranges(): readonly FrameRange[] {
    return this.#ranges;
  }

  has(frame: number): boolean {
    const range = this.#ranges[this.#firstEndingAfter(frame)];
    return range !== undefined && range.start <= frame;
  }

  /** Adds the numbers from `start` to before `end`. */
  add(start: number, end: number = start + 1): void {
    if (start >= end) return;
    // Touching ranges grow together.
    const first = this.#firstEndingAfter(start - 1);
    let next = first;
    let [low, high] = [start, end];
    for (let range = this.#ranges[next]; range !== undefined && range.start <= end; range = this.#ranges[++next]) {
      low = Math.min(low, range.start);
      high = Math.max(high, range.end);
      this.#size -= range.end - range.start;
    }
    this.#ranges.splice(first, next - first, { start: low, end: high });
    this.#size += high - low;
  }

  /** Removes the numbers from `start` to before `end`. */
  remove(start: number, end: number = start + 1): void {
    if (start >= end) return;
    const first = this.#firstEndingAfter(start);
    const kept: { start: number; end: number }[] = [];
    let next = first;
    for (let range = this.#ranges[next]; range !== undefined && range.start < end; range = this.#ranges[++next]) {
      if (range.start < start) kept.push({ start: range.start, end: start });
      if (range.end > end) kept.push({ start: end, end: range.end });
      this.#size -= Math.min(range.end, end) - Math.max(range.start, start);
    }
    if (next > first) this.#ranges.splice(first, next - first, ...kept);
  }

  clear(): void {
    this.#ranges = [];
    this.#size = 0;
  }

  /** The lowest number that is here and in neither of the others. */
  firstOutside(one: FrameSet, other: FrameSet): number | undefined {
    for (const { start, end } of this.#ranges) {
      let at = start;
      for (let before = -1; before !== at;) {
        before = at;
        at = other.#endAt(one.#endAt(at));
      }
      if (at < end) return at;
    }
    return undefined;
  }

  /** The end of the range that `frame` is in; itself where it is in none. */
  #endAt(frame: number): number {
    const range = this.#ranges[this.#firstEndingAfter(frame)];
    return range !== undefined && range.start <= frame ? range.end : frame;
  }

  /** What is here and not in `other`, as ranges; no more than `limit` of them. */
  without(other: FrameSet, limit: number): FrameRange[] {
    const found: FrameRange[] = [];
    for (const { start, end } of this.#ranges) {
      let at = start;
      for (let index = other.#firstEndingAfter(at); at < end && found.length < limit; index++) {
        const hole = other.#ranges[index];
        const until = Math.min(end, hole?.start ?? end);
        if (until > at) found.push({ start: at, end: until });
        at = Math.max(at, hole?.end ?? end);
      }
    }
    return found;
  }

  /** Those of which it is so. */
  where(isSo: (frame: number) => boolean): FrameSet {
    const found = new FrameSet();
    for (const { start, end } of this.#ranges)
      for (let frame = start; frame < end; frame++) if (isSo(frame)) found.add(frame);
    return found;
  }

  /** The index of the first range that ends after `frame`. */
  #firstEndingAfter(frame: number): number {
    let [low, high] = [0, this.#ranges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ranges[middle] as FrameRange).end > frame) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

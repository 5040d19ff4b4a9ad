import { maxRanges, type FrameRange } from "../wire/frame-ranges.ts";
import { FrameSet } from "./frame-set.ts";

/** Which frames of a session a hop lacks, and which of these it has asked its predecessor for. All others are here, unless they do not exist. */
export class FrameBook {
  readonly lacking: FrameSet;
  /** Do not exist, yet or ever: they are neither here nor lacking. */
  readonly absent: FrameSet;
  /** Asked for on the current link, and not begun. */
  readonly #asked = new FrameSet();

  constructor(lacking: readonly FrameRange[], absent: readonly FrameRange[]) {
    this.lacking = new FrameSet(lacking);
    this.absent = new FrameSet(absent);
  }

  /** How many are lacking or do not exist; some may be both, until what names them was read. */
  get notHereCount(): number {
    const all = new FrameSet(this.lacking.ranges);
    for (const { start, end } of this.absent.ranges) all.add(start, end);
    return all.size;
  }

  /** Frames come into being. */
  exist(ranges: readonly FrameRange[]): void {
    for (const { start, end } of ranges) this.absent.remove(start, end);
  }

  /** There are no such frames. */
  vanish(ranges: readonly FrameRange[]): void {
    for (const { start, end } of ranges) {
      this.forget(start, end);
      this.absent.add(start, end);
    }
  }

  /** Frames are needed no more, or have come. */
  forget(start: number, end: number = start + 1): void {
    this.lacking.remove(start, end);
    this.#asked.remove(start, end);
  }

  /** What was asked for will not come by that. */
  unask(frame: number): void {
    this.#asked.remove(frame);
  }

  /** What a new link is to be asked for. */
  askAnew(): FrameRange[] {
    this.#asked.clear();
    return this.#note(this.lacking.ranges.slice(0, maxRanges));
  }

  /** What the link is to be asked for besides: `only` some of what is lacking, or all. */
  askMore(arriving: number | undefined, only: Iterable<number> | undefined): FrameRange[] {
    const owes = this.lacking.size - this.#asked.size - (arriving === undefined ? 0 : 1);
    if (owes <= 0) return [];
    const known = new FrameSet(this.#asked.ranges);
    if (arriving !== undefined) known.add(arriving);
    const wanted = only ? new FrameSet([...only].map((frame) => ({ start: frame, end: frame + 1 }))) : this.lacking;
    return this.#note(wanted.without(known, maxRanges));
  }

  #note(ask: readonly FrameRange[]): FrameRange[] {
    for (const { start, end } of ask) this.#asked.add(start, end);
    return ask.map(({ start, end }) => ({ start, end }));
  }
}

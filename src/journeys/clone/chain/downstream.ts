import type { FrameRange } from "../wire/frame-ranges.ts";
import { maxRanges } from "../wire/frame-ranges.ts";
import { FrameSet } from "./frame-set.ts";

const ahead = 4;

/**
 * What a hop owes its successor.
 *
 * Invariant: a frame that was asked for is wanted, or queued (handed over for sending), or sent, or lost with the link.
 */
export class Downstream {
  readonly epoch: number;
  readonly aside: boolean;
  readonly #wanted = new FrameSet();
  readonly #queue = new Set<number>();
  #attached = false;
  sentAtMs = 0;

  constructor(epoch: number, aside: boolean) {
    this.epoch = epoch;
    this.aside = aside;
  }

  get isAttached(): boolean {
    return this.#attached;
  }

  /** The connection stands, or is gone: whatever was asked for is asked for again on the next one. */
  attach(attached: boolean): void {
    this.#attached = attached;
    this.#wanted.clear();
    this.#queue.clear();
  }

  /** @returns False if a peer asks for more than it may. */
  ask(ranges: readonly FrameRange[]): boolean {
    for (const { start, end } of ranges) this.#wanted.add(start, end);
    return this.#wanted.ranges.length <= maxRanges;
  }

  sent(frame: number, nowMs: number): void {
    this.#queue.delete(frame);
    this.sentAtMs = nowMs;
  }

  /** A frame that was to be sent is not there after all. */
  putBack(frame: number): void {
    if (this.#queue.delete(frame)) this.#wanted.add(frame);
  }

  /** Handed over for sending, and perhaps sent in part. */
  isSending(frame: number): boolean {
    return this.#queue.has(frame);
  }

  /** Says whether a frame in memory is needed for this link; aside, only those that came for it alone are kept. */
  holds(frame: number, relayed: { has(frame: number): boolean }): boolean {
    const isKept = this.#attached && (!this.aside || relayed.has(frame));
    return this.#queue.has(frame) || (isKept && this.#wanted.has(frame));
  }

  /** Takes the next frame to be sent: the lowest one wanted that is here (neither `lacking` nor `absent`) if it is `ready`, or is just `arriving`. */
  next(
    lacking: FrameSet,
    absent: FrameSet,
    arriving: number | undefined,
    isReady: (frame: number) => boolean,
  ): number | undefined {
    if (!this.#attached || this.#queue.size >= ahead) return undefined;
    const first = this.#wanted.firstOutside(lacking, absent);
    const here = first !== undefined && isReady(first) ? first : undefined;
    const coming = arriving !== undefined && this.#wanted.has(arriving) ? arriving : undefined;
    const frame = here === undefined || (coming !== undefined && coming < here) ? coming : here;
    if (frame === undefined) return undefined;
    this.#wanted.remove(frame);
    this.#queue.add(frame);
    return frame;
  }
}

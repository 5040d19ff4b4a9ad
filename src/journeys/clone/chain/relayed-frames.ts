import type { FrameSet } from "./frame-set.ts";

/** As a block has a megabyte, this fills a link for as long as its answer takes, and no more. */
const most = 8;

/**
 * Frames that a hop gets for its successor alone: it does not need them itself, and cannot make them from its files.
 *
 * Invariant: they are few, so that a successor with a pace of its own makes nobody send what is thrown away before it was passed on.
 */
export class RelayedFrames {
  readonly #frames = new Set<number>();

  /** No file is looked into for further frames. */
  get isFull(): boolean {
    return this.#frames.size >= most;
  }

  has(frame: number): boolean {
    return this.#frames.has(frame);
  }

  /** A frame that was to be sent is in no file here. */
  add(frame: number): void {
    this.#frames.add(frame);
  }

  /** A frame was sent, or is needed here too. */
  remove(frame: number): void {
    this.#frames.delete(frame);
  }

  countIn(set: FrameSet): number {
    return [...this.#frames].filter((frame) => set.has(frame)).length;
  }

  /** The successor is gone. @returns What was to be got for it. */
  clear(): number[] {
    const frames = [...this.#frames];
    this.#frames.clear();
    return frames;
  }
}

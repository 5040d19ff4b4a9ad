import type { FrameRange } from "../../wire/frame-ranges.ts";

/** A session whose frames come into being while it runs: parts of the index, each with some blocks. */
export interface Growth {
  readonly parts: number;
  readonly blocksEach: number;
  /** Between one part and the next. */
  readonly everyMs: number;
}

const sparePartNumbers = 20;

/** The numbers of blocks begin here; not all before are of parts. */
function firstBlock({ parts }: Growth): number {
  return parts + sparePartNumbers;
}

/** All numbers that frames of a session may have. */
export function boundOf(growth: Growth): FrameRange {
  return { start: 0, end: firstBlock(growth) + growth.parts * growth.blocksEach };
}

/** Where parts may be. */
export function partNumbers(growth: Growth): FrameRange {
  return { start: 0, end: firstBlock(growth) };
}

/** The numbers that no part will have. */
export function noParts(growth: Growth): FrameRange {
  return { start: growth.parts, end: firstBlock(growth) };
}

/** The blocks that come with a part. */
export function blocksOf(growth: Growth, part: number): FrameRange {
  const start = firstBlock(growth) + part * growth.blocksEach;
  return { start, end: start + growth.blocksEach };
}

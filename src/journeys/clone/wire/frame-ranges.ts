import type { ByteReader } from "../../../image/format/byte-reader.ts";
import type { ByteWriter } from "../../../image/format/byte-writer.ts";

/** Frame numbers from `start` to before `end`. */
export interface FrameRange {
  readonly start: number;
  readonly end: number;
}

/** The most ranges that one message may name. */
export const maxRanges = 65_536;

/** Highest number of frames in a session. */
export const maxFrames = 0xffff_ffff;

/** Of a growing session: the frame of its first block, and the bound of all (section 3.4). */
export const growingBlocks: number = 2 ** 20;
export const growingBound: number = 2 ** 31;

/** Writes disjoint ascending ranges as `frames`. */
export function writeRanges(out: ByteWriter, ranges: readonly FrameRange[]): void {
  out.varint(ranges.length);
  let at = 0;
  for (const { start, end } of ranges) {
    out.varint(start - at);
    out.varint(end - start);
    at = end;
  }
}

/** Reads `frames`. @throws {FormatInvalidError} */
export function readRanges(reader: ByteReader): FrameRange[] {
  const count = reader.varint(Math.min(maxRanges, reader.remaining));
  const ranges: FrameRange[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    const start = at + reader.varint(maxFrames);
    const length = reader.varint(maxFrames);
    if (length === 0 || (index > 0 && start === at)) throw reader.invalid("a range of frames is empty or not apart");
    if (start + length > maxFrames) throw reader.invalid("a frame number is too high");
    at = start + length;
    ranges.push({ start, end: at });
  }
  return ranges;
}

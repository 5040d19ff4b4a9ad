import { createHash } from "node:crypto";

/** The parameters of cut id 1 (`docs/format/image.md` section 2.1), in bytes. */
export const cutParameters: Readonly<Record<"spanBytes" | "minBytes" | "maxBytes", number>> = {
  spanBytes: 64 * 1024 * 1024,
  minBytes: 262_144,
  maxBytes: 1_048_576,
};

const boundaryMask = 0x7fff_e000;

/** `gear[i]` of section 2.1. */
export const gear: Int32Array = Int32Array.from({ length: 256 }, (_, index) =>
  createHash("sha256")
    .update(Buffer.from([0x47, index]))
    .digest()
    .readInt32LE(0),
);

/**
 * Finds the end of the chunk that begins at `start`, in bytes up to `end`. Where `end` is not the end of the extent, at
 * least `cutParameters.maxBytes` must lie before it.
 */
export function findCut(bytes: Uint8Array, start: number, end: number): number {
  const last = Math.min(end, start + cutParameters.maxBytes);
  let hash = 0;
  for (let at = start + cutParameters.minBytes; at < last; at++) {
    hash = ((hash << 1) + (gear[bytes[at] ?? 0] ?? 0)) | 0;
    if ((hash & boundaryMask) === 0) return at + 1;
  }
  return last;
}

import type { InodeStat } from "../../core/tree/tree-reader.ts";

const kindOfFormat = [
  "other",
  "fifo",
  "character-device",
  "other",
  "directory",
  "other",
  "block-device",
  "other",
  "file",
  "other",
  "symlink",
  "other",
  "socket",
] as const;

/** Room for one `struct statx` (statx(2)). */
export const statxBytes = 256;

/** Reads a `struct statx` in the machine's (little-endian) order. */
export function decodeStatx(view: DataView): InodeStat {
  const mode = view.getUint16(28, true);
  return {
    kind: kindOfFormat[mode >>> 12] ?? "other",
    mode: mode & 0o7777,
    linkCount: view.getUint32(16, true),
    uid: view.getUint32(20, true),
    gid: view.getUint32(24, true),
    inoLow: view.getUint32(32, true),
    inoHigh: view.getUint32(36, true),
    sizeBytes: view.getUint32(40, true) + view.getUint32(44, true) * 0x1_0000_0000,
    allocatedBytes: (view.getUint32(48, true) + view.getUint32(52, true) * 0x1_0000_0000) * 512,
    ctimeSec: seconds(view, 96),
    ctimeNsec: view.getUint32(104, true),
    mtimeSec: seconds(view, 112),
    mtimeNsec: view.getUint32(120, true),
    nodeMajor: view.getUint32(128, true),
    nodeMinor: view.getUint32(132, true),
    deviceMajor: view.getUint32(136, true),
    deviceMinor: view.getUint32(140, true),
  };
}

function seconds(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getInt32(at + 4, true) * 0x1_0000_0000;
}

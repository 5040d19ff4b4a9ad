import type { EntryMetadata } from "../../src/core/tree/entry.ts";

/** Metadata of an entry, none of which a new file has by itself. */
export function someMetadata(more: Partial<EntryMetadata> = {}): EntryMetadata {
  return {
    mode: 0o640,
    uid: 1234,
    gid: 4321,
    mtimeSec: 1_000_000_000,
    mtimeNsec: 123_456_789,
    flags: 0,
    xattrs: [],
    ...more,
  };
}

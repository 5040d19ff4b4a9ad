import type { SecretKind } from "../../../core/manifest/manifest.ts";
import type { ByteString } from "../../../core/tree/byte-string.ts";
import type { FileDescriptor, InodeStat } from "../../../core/tree/tree-reader.ts";
import type { EncodedBlock } from "../../../image/format/pack.ts";

/**
 * What a worker is to read. `whole`: a file of at most one span; the answer is the body of its record. `data`: one extent
 * of data of a longer file, within one span; the answer is its pieces. `empty`: a file of any length whose content is not
 * to be read; the answer is the body of an empty file's record. The directory stays open until the answer is there.
 */
export type FileItem = {
  readonly directory: FileDescriptor;
  readonly name: ByteString;
  readonly stat: InodeStat;
} & (
  | { readonly part: "whole" | "empty" }
  | { readonly part: "data"; readonly offset: number; readonly lengthBytes: number }
);

/** A span of a stream: the answer is its pieces. The file or device stays open until it is there. */
export interface StreamItem {
  readonly part: "stream";
  readonly file: FileDescriptor;
  readonly offset: number;
  readonly lengthBytes: number;
}

/** A request to a capture worker. */
export interface FileBatch {
  readonly items: readonly (FileItem | StreamItem)[];
}

/**
 * What became of an item. `end` is where its bytes end in the answer's `bytes` (they begin where the one before ended).
 * `asWalked`: its inode still looks as the walk saw it. `unstable`: it changed during each of several readings. `grown`: it
 * has become longer than a span and must be read in parts.
 */
export type FileOutcome =
  | {
      readonly kind: "read";
      readonly end: number;
      readonly asWalked: boolean;
      readonly unstable: boolean;
      readonly dataBytes: number;
      /** An owner, in an ACL too, lies outside the machine's range. */
      readonly outsideRange: boolean;
      /** Its content showed what it is; the answer is the body of an empty file's record. */
      readonly secret?: SecretKind;
    }
  | { readonly kind: "vanished" | "grown"; readonly end: number }
  | { readonly kind: "unreadable"; readonly end: number; readonly message: string };

/** The answer of a capture worker: the outcomes in order, and the blocks of new chunks. */
export interface FileBatchResult {
  readonly outcomes: readonly FileOutcome[];
  readonly bytes: Uint8Array;
  readonly blocks: readonly EncodedBlock[];
}

/** Says whether two looks at an inode show the same content and metadata. */
export function looksUnchanged(a: InodeStat, b: InodeStat): boolean {
  return (
    a.sizeBytes === b.sizeBytes &&
    a.mtimeNsec === b.mtimeNsec &&
    a.ctimeNsec === b.ctimeNsec &&
    a.mtimeSec === b.mtimeSec &&
    a.ctimeSec === b.ctimeSec &&
    a.inoLow === b.inoLow &&
    a.inoHigh === b.inoHigh &&
    a.deviceMinor === b.deviceMinor &&
    a.deviceMajor === b.deviceMajor
  );
}

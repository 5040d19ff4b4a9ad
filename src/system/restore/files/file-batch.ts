import type { ByteString } from "../../../core/tree/byte-string.ts";
import type { ChunkId, EntryMetadata } from "../../../core/tree/entry.ts";
import type { FileDescriptor } from "../../../core/tree/tree-reader.ts";
import type { MetadataLoss, MetadataOptions } from "../../../core/tree/tree-writer.ts";
import type { CarriedBlock } from "../../../image/store/carried-block.ts";

/**
 * The chunks of all items of a batch, in their order, column by column: the n-th lies at `offsets[n]` of `blocks[n]`, and goes
 * to `positions[n]` of its file. A few long arrays cross between threads in a fraction of the time of many short ones.
 */
export interface ChunkColumns {
  readonly ids: readonly ChunkId[];
  readonly lengths: readonly number[];
  readonly blocks: readonly number[];
  readonly offsets: readonly number[];
  readonly positions: readonly number[];
}

/**
 * What a restore worker is to write. `whole`: make the file, fill it, set its metadata. `part`: write chunks into a file
 * that is open already. A `temporary` name is renamed to `name` at the end, in place of what is there.
 */
export type FileToWrite =
  | {
      readonly part: "whole";
      readonly directory: FileDescriptor;
      readonly name: ByteString;
      readonly temporary: ByteString | undefined;
      readonly sizeBytes: number;
      readonly metadata: EntryMetadata;
    }
  | { readonly part: "part"; readonly file: FileDescriptor };

/** A file and how many of the batch's chunks go into it. */
export type WriteItem = FileToWrite & { readonly chunkCount: number };

/** A request to a restore worker. */
export interface WriteBatch {
  /** Sent before, and given up: what it has made of whole files is made anew. */
  readonly again?: true;
  readonly items: readonly WriteItem[];
  readonly chunks: ChunkColumns;
  readonly blocks: readonly CarriedBlock[];
  readonly metadata: MetadataOptions;
}

/** What became of each item; an error fails the whole restore and is thrown instead. */
export interface WriteBatchResult {
  /** By the number of the item; only items with losses. */
  readonly losses: readonly { readonly item: number; readonly losses: readonly MetadataLoss[] }[];
}

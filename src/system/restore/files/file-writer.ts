import { hash } from "node:crypto";
import type { FileDescriptor, TreeReader } from "../../../core/tree/tree-reader.ts";
import type { MetadataLoss, MetadataOptions, TreeWriter } from "../../../core/tree/tree-writer.ts";
import { giveBack } from "../../../image/chunker/give-back.ts";
import { ObjectDamagedError } from "../../../image/errors.ts";
import { openCarried, type CarriedBlock } from "../../../image/store/carried-block.ts";
import type { ChunkColumns, FileToWrite, WriteBatch, WriteBatchResult } from "./file-batch.ts";

const keptBlocks = 6;

/**
 * Writes files from blocks: one plain synchronous loop in a worker thread. A chunk is held against its id before any of it
 * is written.
 */
export class FileWriter {
  readonly #tree: Pick<TreeReader, "close">;
  readonly #writer: TreeWriter;
  /** Plain blocks by number, the one used last at the end. */
  readonly #plain = new Map<number, Buffer>();
  /** Those of them whose memory is theirs alone. */
  readonly #owned = new WeakSet<Buffer>();

  constructor(tree: Pick<TreeReader, "close">, writer: TreeWriter) {
    this.#tree = tree;
    this.#writer = writer;
  }

  /** @throws {ObjectDamagedError} @throws {SystemCallError} */
  writeBatch({ items, chunks, blocks, metadata, again }: WriteBatch): WriteBatchResult {
    const carried = new Map(blocks.map((block) => [block.block, block]));
    const losses: { item: number; losses: MetadataLoss[] }[] = [];
    let first = 0;
    for (const [item, write] of items.entries()) {
      const part = { chunks, first, end: first + write.chunkCount, carried };
      first = part.end;
      if (write.part === "part") this.#writeChunks(write.file, part);
      else {
        if (again) this.#writer.remove(write.directory, write.temporary ?? write.name);
        const lost = this.#writeWhole(write, part, metadata);
        if (lost.length > 0) losses.push({ item, losses: lost });
      }
    }
    releaseStored(blocks);
    return { losses };
  }

  #writeWhole(item: FileToWrite & { part: "whole" }, part: BatchPart, options: MetadataOptions): MetadataLoss[] {
    const name = item.temporary ?? item.name;
    const file = this.#writer.createFile(item.directory, name, item.metadata.flags);
    try {
      const writtenBytes = this.#writeChunks(file, part);
      if (item.sizeBytes !== writtenBytes) this.#writer.truncate(file, item.sizeBytes);
      if (item.temporary === undefined) return this.#writer.setOpenMetadata(file, item.metadata, options);
      // Complete under its own name first, but for flags that would forbid the renaming.
      this.#writer.setOpenMetadata(file, { ...item.metadata, flags: 0 }, options);
      this.#writer.replace(item.directory, item.temporary, item.name);
      return this.#writer.setOpenMetadata(file, item.metadata, options);
    } finally {
      this.#tree.close(file);
    }
  }

  /** Writes chunks, those that follow each other both in the block and in the file in one go. Returns where the last one ends in the file. */
  #writeChunks(file: FileDescriptor, { chunks, first, end, carried }: BatchPart): number {
    const { ids, lengths, blocks, offsets, positions } = chunks;
    let position = 0;
    for (let at = first; at < end;) {
      const block = blocks[at] as number;
      const start = offsets[at] as number;
      position = positions[at] as number;
      const plain = this.#plainOf(block, carried);
      let next = start;
      while (at < end && blocks[at] === block && offsets[at] === next && positions[at] === position + next - start) {
        const length = lengths[at] as number;
        const chunk = plain.subarray(next, next + length);
        if (chunk.length !== length || hash("sha256", chunk) !== ids[at]) {
          this.#plain.delete(block);
          throw new ObjectDamagedError(
            carried.get(block)?.subject ?? `block ${block}`,
            `its chunk ${ids[at]} has other bytes`,
          );
        }
        next += length;
        at += 1;
      }
      this.#writer.write(file, plain.subarray(start, next), position);
      position += next - start;
    }
    return position;
  }

  #plainOf(block: number, carried: ReadonlyMap<number, CarriedBlock>): Buffer {
    const known = this.#plain.get(block);
    if (known !== undefined) {
      this.#plain.delete(block);
      this.#plain.set(block, known);
      return known;
    }
    const source = carried.get(block) ?? nothing;
    const plain = openCarried(source);
    this.#plain.set(block, plain);
    if (source.codec === 1 || source.seal) this.#owned.add(plain);
    if (this.#plain.size > keptBlocks) this.#forgetOldest();
    return plain;
  }

  /** Gives back the memory of the block used longest ago, at once; one that was not compressed lies in its batch's memory. */
  #forgetOldest(): void {
    for (const [block, plain] of this.#plain) {
      this.#plain.delete(block);
      if (this.#owned.has(plain)) giveBack(plain);
      return;
    }
  }
}

/** Gives back the memory of the stored blocks at once; not where one of them, not compressed, may be kept as it lies there. */
function releaseStored(blocks: readonly CarriedBlock[]): void {
  const kept = new Set(blocks.filter(({ codec }) => codec === 0).map(({ stored }) => stored.buffer));
  for (const { buffer } of blocks.map(({ stored }) => stored))
    if (!kept.has(buffer) && buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}

/** The chunks of one item, and the blocks that came along. */
interface BatchPart {
  readonly chunks: ChunkColumns;
  readonly first: number;
  readonly end: number;
  readonly carried: ReadonlyMap<number, CarriedBlock>;
}

const nothing: CarriedBlock = {
  block: 0,
  codec: 1,
  plainBytes: 0,
  stored: new Uint8Array(),
  subject: "a block that did not come along",
};

import type { FileDescriptor, TreeReader } from "../../../core/tree/tree-reader.ts";
import type { MetadataLoss, MetadataOptions, TreeWriter } from "../../../core/tree/tree-writer.ts";
import { decodeBlock, sha256Into } from "../../../image/chunker/decode-block.ts";
import { giveBack } from "../../../image/chunker/give-back.ts";
import { ObjectDamagedError } from "../../../image/errors.ts";
import type { CarriedBlock, ChunkColumns, WriteBatch, WriteBatchResult, WriteItem } from "./file-batch.ts";

const keptBlocks = 6;

/**
 * Writes files from blocks: one plain synchronous loop in a worker thread. A chunk is held against its id before any of it
 * is written.
 */
export class FileWriter {
  readonly #tree: Pick<TreeReader, "close">;
  readonly #writer: TreeWriter;
  /** Of the chunk in hand. */
  readonly #id = Buffer.alloc(32);
  /** Plain blocks by number, the one used last at the end. */
  readonly #plain = new Map<number, Buffer>();
  /** Those of them whose memory is theirs alone. */
  readonly #owned = new WeakSet<Buffer>();

  constructor(tree: Pick<TreeReader, "close">, writer: TreeWriter) {
    this.#tree = tree;
    this.#writer = writer;
  }

  /** @throws {ObjectDamagedError} @throws {SystemCallError} */
  writeBatch(batch: WriteBatch): WriteBatchResult {
    const carried = new Map(batch.blocks.map((block) => [block.block, block]));
    const losses: { item: number; losses: MetadataLoss[] }[] = [];
    for (const [item, write] of batch.items.entries()) {
      const lost =
        write.part === "whole"
          ? this.#writeWhole(write, carried, batch.metadata)
          : this.#writeChunks(write.file, write.chunks, carried);
      if (lost && lost.length > 0) losses.push({ item, losses: lost });
    }
    return { losses };
  }

  #writeWhole(
    item: WriteItem & { part: "whole" },
    carried: ReadonlyMap<number, CarriedBlock>,
    options: MetadataOptions,
  ): MetadataLoss[] {
    const name = item.temporary ?? item.name;
    const file = this.#writer.createFile(item.directory, name, item.metadata.flags);
    try {
      this.#writeChunks(file, item.chunks, carried);
      const { lengths, positions } = item.chunks;
      const last = lengths.length - 1;
      if (item.sizeBytes !== (positions[last] ?? 0) + (lengths[last] ?? 0)) this.#writer.truncate(file, item.sizeBytes);
      if (item.temporary === undefined) return this.#writer.setOpenMetadata(file, item.metadata, options);
      // Complete under its own name first, but for flags that would forbid the renaming.
      this.#writer.setOpenMetadata(file, { ...item.metadata, flags: 0 }, options);
      this.#writer.replace(item.directory, item.temporary, item.name);
      return this.#writer.setOpenMetadata(file, item.metadata, options);
    } finally {
      this.#tree.close(file);
    }
  }

  /** Writes chunks, those that follow each other both in the block and in the file in one go. */
  #writeChunks(file: FileDescriptor, chunks: ChunkColumns, carried: ReadonlyMap<number, CarriedBlock>): undefined {
    const { ids, lengths, blocks, offsets, positions } = chunks;
    for (let first = 0; first < lengths.length;) {
      const block = blocks[first] as number;
      const start = offsets[first] as number;
      const position = positions[first] as number;
      const plain = this.#plainOf(block, carried);
      let end = start;
      let at = first;
      while (
        at < lengths.length &&
        blocks[at] === block &&
        offsets[at] === end &&
        positions[at] === position + end - start
      ) {
        const length = lengths[at] as number;
        const chunk = plain.subarray(end, end + length);
        sha256Into(chunk, this.#id);
        if (chunk.length !== length || Buffer.compare(this.#id, ids.subarray(at * 32, at * 32 + 32)) !== 0)
          throw new ObjectDamagedError(
            carried.get(block)?.subject ?? `block ${block}`,
            `its chunk ${Buffer.from(ids.subarray(at * 32, at * 32 + 32)).toString("hex")} has other bytes`,
          );
        end += length;
        at += 1;
      }
      this.#writer.write(file, plain.subarray(start, end), position);
      first = at;
    }
    return undefined;
  }

  #plainOf(block: number, carried: ReadonlyMap<number, CarriedBlock>): Buffer {
    const known = this.#plain.get(block);
    if (known !== undefined) {
      this.#plain.delete(block);
      this.#plain.set(block, known);
      return known;
    }
    const source = carried.get(block);
    const { stored, codec, plainBytes, subject } = source ?? nothing;
    const plain = decodeBlock(stored, codec, plainBytes, subject);
    this.#plain.set(block, plain);
    if (codec === 1) this.#owned.add(plain);
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

const nothing: CarriedBlock = {
  block: 0,
  codec: 1,
  plainBytes: 0,
  stored: new Uint8Array(),
  subject: "a block that did not come along",
};

import { sha256 } from "../chunker/decode-block.ts";
import { ObjectDamagedError } from "../errors.ts";
import type { ChunkId } from "../../core/tree/entry.ts";
import { openCarried, type CarriedBlock } from "./carried-block.ts";
import type { RestoreSource } from "./chunk-source.ts";

const blocksKept = 16;

/**
 * Reads chunks one after the other, as a walk comes to them: a block is decoded once as long as what is read stays near.
 * Each chunk is held against its id. They come from a store, or from a chain while they come in.
 */
export class SequentialChunks {
  readonly #source: Omit<RestoreSource, "readChunk">;
  /** By number, the one used last at the end. */
  readonly #blocks = new Map<number, Buffer>();

  constructor(source: Omit<RestoreSource, "readChunk">) {
    this.#source = source;
  }

  /** @throws {ObjectMissingError} @throws {ObjectDamagedError} */
  async read(id: ChunkId, lengthBytes: number): Promise<Buffer> {
    return await this.#source.retryFresh(async (carry) => {
      const { block, offset } = this.#source.locate(id, lengthBytes);
      const known = this.#blocks.get(block);
      this.#blocks.delete(block);
      const plain = known ?? openCarried((await carry([block]))[0] as CarriedBlock);
      const chunk = plain.subarray(offset, offset + lengthBytes);
      if (sha256(chunk).toString("hex") !== id)
        throw new ObjectDamagedError(`chunk ${id}`, "the block that should hold it has other bytes there");
      this.#keep(block, plain);
      return chunk;
    });
  }

  #keep(block: number, plain: Buffer): void {
    this.#blocks.set(block, plain);
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > blocksKept && oldest !== undefined) this.#blocks.delete(oldest);
  }
}

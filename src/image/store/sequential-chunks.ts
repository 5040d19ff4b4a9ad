import { decodeBlock, sha256 } from "../chunker/decode-block.ts";
import { ObjectDamagedError } from "../errors.ts";
import type { ChunkId } from "../../core/tree/entry.ts";
import type { ChunkSource } from "./chunk-source.ts";
import { packKey } from "./pack-reader.ts";

const blocksKept = 16;

/**
 * Reads chunks one after the other, as a walk comes to them: a block is decoded once as long as what is read stays near.
 * Each chunk is held against its id.
 */
export class SequentialChunks {
  readonly #source: ChunkSource;
  /** By number, the one used last at the end. */
  readonly #blocks = new Map<number, Buffer>();

  constructor(source: ChunkSource) {
    this.#source = source;
  }

  /** @throws {ObjectMissingError} @throws {ObjectDamagedError} */
  async read(id: ChunkId, lengthBytes: number): Promise<Buffer> {
    return await this.#source.retryFresh(async () => {
      const location = this.#source.locate(id, lengthBytes);
      const plain = await this.#block(location.block);
      const chunk = plain.subarray(location.offset, location.offset + lengthBytes);
      if (sha256(chunk).toString("hex") !== id)
        throw new ObjectDamagedError(`chunk ${id}`, "the block that should hold it has other bytes there");
      return chunk;
    });
  }

  async #block(number: number): Promise<Buffer> {
    const known = this.#blocks.get(number);
    this.#blocks.delete(number);
    const plain = known ?? (await this.#decode(number));
    this.#blocks.set(number, plain);
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > blocksKept && oldest !== undefined) this.#blocks.delete(oldest);
    return plain;
  }

  async #decode(number: number): Promise<Buffer> {
    const block = this.#source.block(number);
    const stored = (await this.#source.readStored([block])).get(number) as Buffer;
    return decodeBlock(stored, block.codec, block.plainBytes, `block ${block.blockId} in ${packKey(block.pack)}`);
  }
}

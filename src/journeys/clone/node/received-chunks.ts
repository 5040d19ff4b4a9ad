import type { ChunkId } from "../../../core/tree/entry.ts";
import type { ChunkLocation } from "../../../image/chunk-index/chunk-index.ts";
import { sha256 } from "../../../image/chunker/decode-block.ts";
import { ObjectMissingError } from "../../../image/errors.ts";
import { openCarried, type CarriedBlock } from "../../../image/store/carried-block.ts";
import type { RestoreSource } from "../../../image/store/chunk-source.ts";
import type { FrameBytes } from "../link/frame-bytes.ts";
import type { NodeIndex } from "./node-index.ts";
import type { NodeSession } from "./node-session.ts";

const attempts = 8;

/**
 * The chunks of an image while they come in: a restore reads from it as from a store.
 *
 * Invariant: a chunk that is not what the signed index names never gets further than the one who finds that out.
 */
export class ReceivedChunks implements RestoreSource {
  readonly #index: NodeIndex;
  readonly #session: NodeSession;
  /** The plain bytes of a frame from files that are written. */
  readonly #fromFiles: (frame: number) => Buffer | undefined;
  #retries = 0;

  constructor(index: NodeIndex, session: NodeSession, fromFiles: (frame: number) => Buffer | undefined) {
    this.#index = index;
    this.#session = session;
    this.#fromFiles = fromFiles;
  }

  /** Frames that had to be asked for again. */
  get retries(): number {
    return this.#retries;
  }

  locate(id: ChunkId, lengthBytes: number): ChunkLocation {
    return this.#index.find(id, lengthBytes);
  }

  readChunk(id: ChunkId): Promise<Buffer> {
    return Promise.resolve(this.#index.part(id));
  }

  /** Waits for frames. They may leave the ring then: whoever has them has their memory too. */
  async carry(frames: readonly number[]): Promise<CarriedBlock[]> {
    return await Promise.all(
      frames.map(async (frame) => {
        const taken = await this.#take(frame);
        this.#session.taken(frame);
        return taken;
      }),
    );
  }

  /** Does `work` again where a frame that it was given was not right, once that one has come anew. */
  async retryFresh<Result>(work: (carry: RestoreSource["carry"]) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      const given: CarriedBlock[] = [];
      try {
        return await work(async (frames) => {
          const blocks = await this.carry(frames);
          given.push(...blocks);
          return blocks;
        });
      } catch (error) {
        const isDamage = (error as { readonly code?: string }).code === "OBJECT_DAMAGED";
        if (!isDamage || attempt === attempts || !this.#throwOutDamaged(given)) throw error;
      }
    }
  }

  /** @returns False if all are right. */
  #throwOutDamaged(blocks: readonly CarriedBlock[]): boolean {
    const damaged = blocks.filter((block) => block.seal !== undefined && !this.#isRight(block));
    for (const { block } of damaged) {
      this.#retries += 1;
      this.#session.runner.tell({ kind: "broken", frame: block });
    }
    return damaged.length > 0;
  }

  #isRight(block: CarriedBlock): boolean {
    try {
      const plain = openCarried(block);
      let at = 0;
      return this.#index.chunksOf(block.block).every(({ id, lengthBytes }) => {
        const chunk = plain.subarray(at, at + lengthBytes);
        at += lengthBytes;
        return sha256(chunk).toString("hex") === id;
      });
    } catch {
      return false;
    }
  }

  async #take(frame: number): Promise<CarriedBlock> {
    for (;;) {
      const coming = this.#session.runner.take(frame);
      if (coming) return this.#carriedOf(await coming);
      const plain = this.#fromFiles(frame);
      if (plain)
        return {
          block: frame,
          codec: 0,
          plainBytes: plain.length,
          stored: plain,
          subject: `frame ${frame} from files`,
        };
      this.#retries += 1;
      this.#session.runner.tell({ kind: "gone", frame });
    }
  }

  #carriedOf({ header, body }: FrameBytes): CarriedBlock {
    const known = this.#index.frame(header.frame);
    if (known === undefined) throw new ObjectMissingError(`frame ${header.frame}`);
    return {
      block: header.frame,
      codec: header.type === "rebuilt" ? 1 : known.codec,
      plainBytes: known.plainBytes,
      stored: body,
      subject: `frame ${header.frame}`,
      seal: this.#session.keys.sealOf(header),
    };
  }
}

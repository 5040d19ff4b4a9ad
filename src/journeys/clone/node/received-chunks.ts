import { setImmediate } from "node:timers/promises";
import type { ChunkId } from "../../../core/tree/entry.ts";
import type { ChunkLocation } from "../../../image/chunk-index/chunk-index.ts";
import { ObjectMissingError } from "../../../image/errors.ts";
import { openCarried, type CarriedBlock } from "../../../image/store/carried-block.ts";
import type { RestoreSource } from "../../../image/store/chunk-source.ts";
import type { FrameBytes } from "../link/frame-bytes.ts";
import { findWrongChunk } from "./find-wrong-chunk.ts";
import type { NodeIndex } from "./node-index.ts";
import type { NodeSession } from "./node-session.ts";

const attempts = 8;

/** A block that was given to a worker; `frame`: whose memory it lies in, to be released. */
interface Taken {
  readonly block: CarriedBlock;
  readonly frame?: FrameBytes;
}

/**
 * The chunks of an image while they come in: a restore reads from it as from a store.
 *
 * Invariant: a chunk that is not what the signed index names never gets further than the one who finds that out.
 */
export class ReceivedChunks implements RestoreSource {
  readonly #index: NodeIndex;
  readonly #session: NodeSession;
  /** The plain bytes of a frame from files that are written. */
  readonly #fromFiles: (frame: number) => Promise<Buffer | undefined>;
  #retries = 0;

  constructor(index: NodeIndex, session: NodeSession, fromFiles: (frame: number) => Promise<Buffer | undefined>) {
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

  /** The event loop turns before: the golden node takes one for lost that reads a tree of any size and says nothing meanwhile. */
  async readChunk(id: ChunkId): Promise<Buffer> {
    await setImmediate();
    return this.#index.part(id);
  }

  /** Waits for frames. They may leave the ring then: whoever has them has their memory too. */
  async carry(frames: readonly number[]): Promise<CarriedBlock[]> {
    return (await this.#takeAll(frames)).map(({ block }) => block);
  }

  /** Does `work` again where a frame that it was given was not right, once that one has come anew. */
  async retryFresh<Result>(work: (carry: RestoreSource["carry"]) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      const given: Taken[] = [];
      try {
        const result = await work(async (frames) => {
          const taken = await this.#takeAll(frames);
          given.push(...taken);
          return taken.map(({ block }) => block);
        });
        for (const { frame } of given) frame?.release();
        return result;
      } catch (error) {
        const isDamage = (error as { readonly code?: string }).code === "OBJECT_DAMAGED";
        if (!isDamage || attempt === attempts || !this.#throwOutDamaged(given.map(({ block }) => block))) throw error;
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
      return findWrongChunk(openCarried(block), this.#index.chunksOf(block.block)) === undefined;
    } catch {
      return false;
    }
  }

  async #takeAll(frames: readonly number[]): Promise<Taken[]> {
    return await Promise.all(
      frames.map(async (frame) => {
        const taken = await this.#take(frame);
        this.#session.taken(frame);
        return taken;
      }),
    );
  }

  async #take(number: number): Promise<Taken> {
    for (;;) {
      const coming = this.#session.runner.take(number);
      if (coming) {
        const frame = await coming;
        return { block: this.#carriedOf(frame), frame };
      }
      const plain = await this.#fromFiles(number);
      if (plain) {
        const subject = `frame ${number} from files`;
        return { block: { block: number, codec: 0, plainBytes: plain.length, stored: plain, subject } };
      }
      this.#retries += 1;
      this.#session.runner.tell({ kind: "gone", frame: number });
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

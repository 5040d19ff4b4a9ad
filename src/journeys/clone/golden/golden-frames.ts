import type { KeyObject } from "node:crypto";
import type { ImageStore } from "../../../image/store/image-store.ts";
import { FrameBytes } from "../link/frame-bytes.ts";
import type { FrameRange } from "../wire/frame-ranges.ts";
import type { FrameKeys } from "../wire/frame-seal.ts";
import { indexSubject, signSubject } from "../wire/signed.ts";
import type { PlannedFrames } from "./plan-frames.ts";

/** Makes the frames of a session from the store: signs, and seals each under the counter of this run of the golden node. */
export class GoldenFrames {
  readonly #store: ImageStore;
  readonly #planned: PlannedFrames;
  readonly #keys: FrameKeys;
  readonly #signing: { readonly key: KeyObject; readonly sessionId: Buffer };
  readonly #counter: number;
  /** Sealed lately, or being sealed: a frame is sealed once, unless it is asked for again much later. */
  readonly #recent = new Map<number, Promise<FrameBytes>>();

  constructor(
    store: ImageStore,
    planned: PlannedFrames,
    keys: FrameKeys,
    signing: { readonly key: KeyObject; readonly sessionId: Buffer },
    counter: number,
  ) {
    this.#store = store;
    this.#planned = planned;
    this.#keys = keys;
    this.#signing = signing;
    this.#counter = counter;
  }

  get planned(): PlannedFrames {
    return this.#planned;
  }

  /** The frames that there are now. */
  get existing(): readonly FrameRange[] {
    const { indexParts, blocks, firstBlock } = this.#planned;
    return [
      { start: indexParts[0] === undefined ? 1 : 0, end: indexParts.length },
      { start: firstBlock, end: firstBlock + blocks.length },
    ].filter(({ start, end }) => end > start);
  }

  /** What a node lacks by its report: one that cannot know yet how long the index of a growing session is tells all that it may be. */
  lackingOf({ complete, lacking }: { readonly complete: number; readonly lacking: number }): number {
    if (!this.#planned.isGrowing || lacking === 0) return lacking;
    const known = this.existing.reduce((sum, { start, end }) => sum + end - start, 0);
    return Math.max(1, Math.min(lacking, known - complete));
  }

  /** @throws {ObjectMissingError} @throws {ObjectDamagedError} */
  read(frame: number): Promise<FrameBytes> {
    const known = this.#recent.get(frame);
    if (known) return known;
    const made = this.#make(frame);
    this.#recent.set(frame, made);
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= 16) break;
      this.#recent.delete(oldest);
    }
    return made;
  }

  async #make(frame: number): Promise<FrameBytes> {
    const part = this.#planned.indexParts[frame];
    if (part !== undefined) {
      const signature = signSubject(indexSubject(this.#signing.sessionId, frame, part), this.#signing.key);
      return this.#seal("index", frame, Buffer.concat([signature, part]));
    }
    const block = this.#planned.blocks[frame - this.#planned.firstBlock];
    if (block === undefined) throw new RangeError(`cannot read frame ${frame}: there is none`);
    const stored = await this.#store.chunks.readStored([block]);
    return this.#seal("block", frame, stored.get(block.block) as Buffer);
  }

  #seal(type: "index" | "block", frame: number, plain: Uint8Array): FrameBytes {
    return FrameBytes.sealed(this.#keys, { type, frame, sealer: 0, counter: this.#counter }, plain);
  }
}

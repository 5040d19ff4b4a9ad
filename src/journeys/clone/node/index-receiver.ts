import type { KeyObject } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Manifest } from "../../../core/manifest/manifest.ts";
import { FormatInvalidError, ObjectDamagedError } from "../../../image/errors.ts";
import { decodeManifest } from "../../../image/format/manifest-object.ts";
import type { ImageId } from "../../../image/store/image-names.ts";
import { FrameSet } from "../chain/frame-set.ts";
import type { FrameBytes } from "../link/frame-bytes.ts";
import { openFrame, type FrameKeys } from "../wire/frame-seal.ts";
import { decodeIndexPart } from "../wire/index-part.ts";
import { indexSubject, isSigned } from "../wire/signed.ts";
import type { NodeIndex } from "./node-index.ts";

/** What a node knows of its session from the golden node's welcome. */
export interface SessionFacts {
  readonly sessionId: Buffer;
  readonly goldenKey: KeyObject;
  /** Empty: it is captured meanwhile. */
  readonly image: ImageId | "";
  readonly indexFrames: number;
  readonly frames: number;
}

/** Opens, checks and keeps the parts of the index as they come, in any order; reads them once all are there. */
export class IndexReceiver {
  readonly #facts: SessionFacts;
  readonly #keys: FrameKeys;
  readonly #index: NodeIndex;
  readonly #taken = new FrameSet();

  constructor(facts: SessionFacts, keys: FrameKeys, index: NodeIndex) {
    this.#facts = facts;
    this.#keys = keys;
    this.#index = index;
  }

  get isComplete(): boolean {
    return this.#taken.size === this.#facts.indexFrames;
  }

  /** A part as it was signed, to be sent on to those who come later. */
  part(frame: number): Buffer | undefined {
    return this.#taken.has(frame) ? this.#index.signed(frame) : undefined;
  }

  /** Takes a frame. @throws {ObjectDamagedError} If the golden node has not made it. */
  take({ header, body }: FrameBytes): void {
    const part = openFrame(this.#keys, header, body);
    const { goldenKey, sessionId } = this.#facts;
    const isRight =
      header.type === "index" &&
      part.length > 64 &&
      isSigned(indexSubject(sessionId, header.frame, part.subarray(64)), part.subarray(0, 64), goldenKey);
    if (!isRight) throw new ObjectDamagedError(`frame ${header.frame}`, "the golden node has not signed it");
    this.#index.keepSigned(header.frame, part);
    this.#taken.add(header.frame);
  }

  /** Reads all parts into the index; the event loop turns between them. @throws {FormatInvalidError} If they are not one index together. */
  async read(): Promise<Manifest> {
    const { image, indexFrames, frames } = this.#facts;
    let manifest: Manifest | undefined;
    let next = indexFrames;
    for (let frame = 0; frame < indexFrames; frame++) {
      await setImmediate();
      for (const item of decodeIndexPart((this.part(frame) ?? Buffer.alloc(0)).subarray(64))) {
        if (item.kind === "directory") {
          this.#index.addFrames(next, item.blocks);
          next += item.blocks.length;
        } else if (item.kind === "chunk") this.#index.addPart(item.bytes);
        else if (item.kind === "manifest") {
          manifest ??= decodeManifest(Buffer.from(item.bytes), image as ImageId);
          this.#index.addPart(item.bytes);
        } else throw new FormatInvalidError("the index of the session", `it has a ${item.kind}, and is of an image`);
      }
    }
    if (manifest === undefined || next !== frames)
      throw new FormatInvalidError("the index of the session", `it names ${next} frames, and ${frames} are announced`);
    return manifest;
  }
}

import type { FrameMemory } from "./frame-memory.ts";
import { decodeFrameHeader, headerBytes, type FrameHeader } from "../wire/frame-header.ts";
import { sealFrame, type FrameKeys } from "../wire/frame-seal.ts";

/**
 * A frame in memory, header and body as they go over a link, perhaps still coming in.
 *
 * Its memory is shared between threads: the one who writes to the disk reads it where it lies, while it is sent on. It is used
 * again once all who hold it have released it; who cannot say when it is done with it never does, and leaves it to the collector.
 */
export class FrameBytes {
  readonly header: FrameHeader;
  readonly bytes: Buffer;
  #filled: number;
  #isBroken = false;
  #onChange: (() => void) | undefined;
  #holders = 1;
  readonly #memory: FrameMemory | undefined;

  private constructor(header: FrameHeader, bytes: Buffer, filled: number, memory?: FrameMemory) {
    this.header = header;
    this.bytes = bytes;
    this.#filled = filled;
    this.#memory = memory;
  }

  /** A frame whose body will come. */
  static toBeFilled(header: FrameHeader, head: Uint8Array, memory: FrameMemory): FrameBytes {
    const sizeBytes = headerBytes + header.bodyBytes;
    const bytes = Buffer.from(memory.take(sizeBytes), 0, sizeBytes);
    bytes.set(head);
    return new FrameBytes(header, bytes, headerBytes, memory);
  }

  /** A frame that is whole. */
  static whole(header: FrameHeader, bytes: Buffer): FrameBytes {
    return new FrameBytes(header, bytes, bytes.length);
  }

  /** A frame that is sealed here. */
  static sealed(keys: FrameKeys, header: Omit<FrameHeader, "bodyBytes">, plain: Uint8Array): FrameBytes {
    const bytes = sealFrame(keys, header, plain);
    return FrameBytes.whole(decodeFrameHeader(bytes), bytes);
  }

  /** What it takes, which is more than its bytes. */
  get memoryBytes(): number {
    return this.bytes.buffer.byteLength;
  }

  /** Bytes that are there, header and all. */
  get filled(): number {
    return this.#filled;
  }

  get isWhole(): boolean {
    return this.#filled === this.bytes.length;
  }

  /** The rest will never come. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  get body(): Buffer {
    return this.bytes.subarray(headerBytes);
  }

  /** One more will read or write the bytes. */
  retain(): this {
    this.#holders += 1;
    return this;
  }

  /** One of those who hold it, its maker among them, is done with it. */
  release(): void {
    this.#holders -= 1;
    const { buffer } = this.bytes;
    if (this.#holders === 0 && buffer instanceof SharedArrayBuffer) this.#memory?.giveBack(buffer);
  }

  /** Called with every change from now on; there is one who listens, the sender. */
  onChange(listener: (() => void) | undefined): void {
    this.#onChange = listener;
  }

  /** `count` further bytes have been put behind those that are there. */
  advance(count: number): void {
    this.#filled += count;
    this.#onChange?.();
  }

  break(): void {
    this.#isBroken = true;
    this.#onChange?.();
  }
}

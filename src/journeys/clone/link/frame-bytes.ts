import { headerBytes, type FrameHeader } from "../wire/frame-header.ts";

/**
 * A frame in memory, header and body as they go over a link, perhaps still coming in.
 *
 * Its memory is shared between threads: the one who writes to the disk reads it where it lies, while it is sent on.
 */
export class FrameBytes {
  readonly header: FrameHeader;
  readonly bytes: Buffer;
  #filled: number;
  #isBroken = false;
  #onChange: (() => void) | undefined;

  private constructor(header: FrameHeader, bytes: Buffer, filled: number) {
    this.header = header;
    this.bytes = bytes;
    this.#filled = filled;
  }

  /** A frame whose body will come. */
  static toBeFilled(header: FrameHeader, head: Uint8Array): FrameBytes {
    const bytes = Buffer.from(new SharedArrayBuffer(headerBytes + header.bodyBytes));
    bytes.set(head);
    return new FrameBytes(header, bytes, headerBytes);
  }

  /** A frame that is whole. */
  static whole(header: FrameHeader, bytes: Buffer): FrameBytes {
    return new FrameBytes(header, bytes, bytes.length);
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

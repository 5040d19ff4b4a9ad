import type { Socket } from "node:net";
import { idleFrame } from "../wire/frame-header.ts";
import type { FrameBytes } from "./frame-bytes.ts";

const waitingBytes = 256 * 1024;
const pieceBytes = 64 * 1024;

/** What a predecessor's end of a link tells of. */
export interface DownstreamEvents {
  /** All of a frame was given to the kernel. */
  readonly onSent: (frame: number) => void;
  /** A frame is not there after all. */
  readonly onGone: (frame: number) => void;
  /** Once, whoever ended it. */
  readonly onClosed: () => void;
}

/**
 * The predecessor's end of a link: sends frames in the order given, each as it comes in.
 *
 * Invariant: at most {@link waitingBytes} and one piece wait in this process for the kernel to take them.
 */
export class DownstreamLink {
  readonly epoch: number;
  readonly #socket: Socket;
  readonly #events: DownstreamEvents;
  readonly #queue: { readonly frame: number; readonly coming: Promise<FrameBytes | undefined> }[] = [];
  #current: FrameBytes | undefined;
  #sentBytes = 0;
  #isFetching = false;
  #isClosed = false;
  totalBytes = 0;
  totalPieces = 0;

  constructor(epoch: number, socket: Socket, events: DownstreamEvents) {
    this.epoch = epoch;
    this.#socket = socket;
    this.#events = events;
    socket.on("drain", () => this.#pump());
    socket.on("close", () => this.close());
  }

  isOver(socket: Socket): boolean {
    return this.#socket === socket;
  }

  /** Sends a frame after those given before, and releases it then. */
  send(frame: number, coming: Promise<FrameBytes | undefined>): void {
    this.#queue.push({ frame, coming });
    void this.#fetch();
  }

  /** Says that it lives, where it is not in the middle of a frame. */
  idle(): void {
    if (this.#current === undefined && !this.#isClosed && this.#socket.writableLength === 0)
      this.#socket.write(idleFrame);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#current?.onChange(undefined);
    this.#socket.destroy();
    this.#events.onClosed();
  }

  async #fetch(): Promise<void> {
    if (this.#isFetching || this.#current || this.#isClosed) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    this.#isFetching = true;
    const bytes = await next.coming.catch(() => undefined);
    this.#isFetching = false;
    if (this.#isClosed) return;
    if (bytes === undefined) {
      this.#events.onGone(next.frame);
      void this.#fetch();
      return;
    }
    this.#current = bytes;
    this.#sentBytes = 0;
    bytes.onChange(() => this.#pump());
    this.#pump();
  }

  #pump(): void {
    const frame = this.#current;
    if (frame === undefined || this.#isClosed) return;
    if (frame.isBroken) {
      // What went out of it cannot be taken back; the successor attaches again.
      this.close();
      return;
    }
    while (this.#sentBytes < frame.filled && this.#socket.writableLength < waitingBytes) {
      const ready = frame.filled - this.#sentBytes;
      if (ready < pieceBytes && !frame.isWhole) return;
      const piece = frame.bytes.subarray(this.#sentBytes, this.#sentBytes + Math.min(ready, pieceBytes * 4));
      this.#sentBytes += piece.length;
      this.totalBytes += piece.length;
      this.totalPieces += 1;
      const isLast = this.#sentBytes === frame.bytes.length;
      this.#socket.write(piece, isLast ? () => this.#finished(frame) : undefined);
      if (isLast) {
        frame.onChange(undefined);
        this.#current = undefined;
        void this.#fetch();
        return;
      }
    }
  }

  /** Only now the kernel reads nothing of it any more. What a link that was closed had in hand is left to the collector. */
  #finished(frame: FrameBytes): void {
    frame.release();
    if (!this.#isClosed) this.#events.onSent(frame.header.frame);
  }
}

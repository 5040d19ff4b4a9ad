import { connect, type Socket } from "node:net";
import { decodeFrameHeader, headerBytes } from "../wire/frame-header.ts";
import type { FrameRange } from "../wire/frame-ranges.ts";
import { encodeMessage } from "../wire/messages.ts";
import { attachProof } from "../wire/signed.ts";
import { FrameBytes } from "./frame-bytes.ts";
import type { FrameMemory } from "./frame-memory.ts";

/** Where a predecessor is, and with what a successor may attach to it. */
export interface Predecessor {
  readonly epoch: number;
  readonly host: string;
  readonly port: number;
  readonly ticket: Buffer;
}

/** What a link tells of. */
export interface UpstreamEvents {
  readonly onOpened: () => void;
  /** Something came, whatever it is. */
  readonly onHeard: () => void;
  /** A frame begins to come, which is the listener's to release; false: it is not wanted. */
  readonly onBegan: (frame: FrameBytes) => boolean;
  readonly onReceived: (frame: FrameBytes) => void;
  /** Once, whoever ended it. */
  readonly onClosed: () => void;
}

/** What both ends of a link say first; the predecessor's is followed by a nonce. */
export const prefaceMagic: Buffer = Buffer.from("RHLINK01", "latin1");
const prefaceBytes = 40;

/** After a read of less than this, a rest lets more come together: a slow wire would wake this process for every packet. */
const littleBytes = 32 * 1024;
const restMs = 4;

/**
 * The successor's end of a link. Bytes are read straight to where they belong: into the header, or the frame that comes.
 *
 * Invariant: while it is paused, no frame begins.
 */
export class UpstreamLink {
  readonly predecessor: Predecessor;
  readonly #memory: FrameMemory;
  readonly #number: number;
  readonly #events: UpstreamEvents;
  readonly #socket: Socket;
  readonly #head = Buffer.alloc(prefaceBytes);
  #ask: readonly FrameRange[];
  /** Bytes of the preface or header that are there. */
  #headFilled = 0;
  #isOpen = false;
  #frame: FrameBytes | undefined;
  #isWanted = false;
  #isPaused = false;
  #isStopped = false;
  #isClosed = false;

  /** Connects, and asks for `ask` as soon as it may. `number`: of this node. `memory`: for frames. */
  constructor(
    predecessor: Predecessor,
    number: number,
    ask: readonly FrameRange[],
    memory: FrameMemory,
    events: UpstreamEvents,
  ) {
    this.predecessor = predecessor;
    this.#memory = memory;
    this.#number = number;
    this.#ask = ask;
    this.#events = events;
    const { host, port } = predecessor;
    const onread = { buffer: () => this.#target(), callback: (count: number) => this.#take(count) };
    this.#socket = connect({ host, port, noDelay: true, onread });
    this.#socket.write(prefaceMagic);
    // What went wrong does not matter: the hop decides on the end of the link alone.
    this.#socket.on("error", () => this.close());
    this.#socket.on("close", () => this.close());
    this.#socket.on("end", () => this.close());
  }

  /** Asks for further frames. */
  get(ask: readonly FrameRange[]): void {
    if (this.#isOpen) this.#socket.write(encodeMessage({ kind: "get", frames: ask }));
    else this.#ask = [...this.#ask, ...ask];
  }

  /** Reads no further than to the end of the frame that comes, or goes on. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused && this.#isOpen && this.#frame === undefined && this.#headFilled === 0) {
      this.#isStopped = true;
      this.#socket.pause();
    }
    if (isPaused || !this.#isStopped) return;
    this.#isStopped = false;
    this.#socket.resume();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
    if (this.#frame && this.#isWanted) this.#frame.break();
    this.#events.onClosed();
  }

  #goOn(): void {
    if (!this.#isClosed && !this.#isStopped) this.#socket.resume();
  }

  /** Where the next bytes belong. */
  #target(): Buffer {
    if (this.#frame) return this.#frame.bytes.subarray(this.#frame.filled);
    return this.#head.subarray(this.#headFilled, this.#isOpen ? headerBytes : prefaceBytes);
  }

  /** @returns False to stop reading. */
  #take(count: number): boolean {
    if (this.#isClosed) return false;
    this.#events.onHeard();
    const wasBody = this.#frame !== undefined;
    try {
      if (this.#frame) this.#takeBody(this.#frame, count);
      else this.#takeHead(count);
    } catch {
      this.close();
      return false;
    }
    this.#isStopped = this.#isPaused && this.#frame === undefined && this.#headFilled === 0;
    const rests = count < littleBytes && wasBody && this.#frame !== undefined;
    if (rests) setTimeout(() => this.#goOn(), restMs);
    return !this.#isStopped && !rests;
  }

  #takeHead(count: number): void {
    this.#headFilled += count;
    if (this.#headFilled < (this.#isOpen ? headerBytes : prefaceBytes)) return;
    this.#headFilled = 0;
    if (!this.#isOpen) {
      this.#attach();
      return;
    }
    const header = decodeFrameHeader(this.#head.subarray(0, headerBytes));
    if (header.type === "idle") return;
    const frame = FrameBytes.toBeFilled(header, this.#head.subarray(0, headerBytes), this.#memory);
    this.#frame = frame.retain();
    this.#isWanted = this.#events.onBegan(frame);
  }

  #attach(): void {
    if (!this.#head.subarray(0, prefaceMagic.length).equals(prefaceMagic)) {
      this.close();
      return;
    }
    const { epoch, ticket } = this.predecessor;
    const proof = attachProof(ticket, this.#head.subarray(prefaceMagic.length), epoch, this.#number);
    this.#isOpen = true;
    this.#socket.write(encodeMessage({ kind: "attach", epoch, successor: this.#number, proof }));
    this.#socket.write(encodeMessage({ kind: "get", frames: this.#ask }));
    this.#events.onOpened();
  }

  #takeBody(frame: FrameBytes, count: number): void {
    // Before anyone is told that it is whole: the next bytes belong to what comes after it.
    if (frame.filled + count === frame.bytes.length) this.#frame = undefined;
    frame.advance(count);
    if (!frame.isWhole) return;
    if (this.#isWanted) this.#events.onReceived(frame);
    frame.release();
  }
}

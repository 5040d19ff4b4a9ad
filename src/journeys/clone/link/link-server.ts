import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Socket } from "node:net";
import { FormatInvalidError } from "../../../image/errors.ts";
import type { FrameRange } from "../wire/frame-ranges.ts";
import { MessageSplitter, type Message } from "../wire/messages.ts";
import { attachProof } from "../wire/signed.ts";
import { prefaceMagic } from "./upstream-link.ts";

/** Who may attach, as the golden node said. */
export interface AcceptedSuccessor {
  readonly epoch: number;
  readonly successor: number;
  readonly ticket: Buffer;
}

/** What a server of links tells of. */
export interface LinkServerEvents {
  /** The expected successor has proved itself; frames may be sent to `socket`. */
  readonly onAttached: (epoch: number, socket: Socket) => void;
  readonly onAsked: (epoch: number, ranges: readonly FrameRange[], socket: Socket) => void;
}

const attachWithinMs = 5000;
const maxWaiting = 64;

/**
 * Lets the successor of a hop attach, and nobody else.
 *
 * Invariant: who has not proved itself holds no more than one message of memory, and not for long.
 */
export class LinkServer implements Disposable {
  readonly #events: LinkServerEvents;
  readonly #waiting = new Set<Socket>();
  /** Attached under an epoch that was not told here yet. */
  readonly #early = new Map<Socket, () => boolean>();
  #accepted: AcceptedSuccessor | undefined;

  constructor(events: LinkServerEvents) {
    this.#events = events;
  }

  /** Whom to let in from now on; undefined: nobody. */
  accept(accepted: AcceptedSuccessor | undefined): void {
    this.#accepted = accepted;
    for (const [socket, attach] of this.#early) if (attach()) this.#early.delete(socket);
  }

  [Symbol.dispose](): void {
    for (const socket of this.#waiting) socket.destroy();
  }

  /** Takes a connection that has just come in. */
  welcome(socket: Socket): void {
    socket.setNoDelay(true);
    if (this.#waiting.size >= maxWaiting) {
      socket.destroy();
      return;
    }
    this.#waiting.add(socket);
    const timer = setTimeout(() => socket.destroy(), attachWithinMs);
    socket.on("close", () => {
      clearTimeout(timer);
      this.#waiting.delete(socket);
      this.#early.delete(socket);
    });
    const nonce = randomBytes(32);
    const splitter = new MessageSplitter();
    let preface = Buffer.alloc(0);
    const afterPreface = (bytes: Buffer): Buffer => {
      if (preface.length === prefaceMagic.length) return bytes;
      const rest = prefaceMagic.length - preface.length;
      preface = Buffer.concat([preface, bytes.subarray(0, rest)]);
      if (preface.length < prefaceMagic.length) return Buffer.alloc(0);
      if (!preface.equals(prefaceMagic)) throw new FormatInvalidError("a link", "it does not begin as one does");
      socket.write(Buffer.concat([prefaceMagic, nonce]));
      return bytes.subarray(rest);
    };
    let epoch: number | undefined;
    const early: (readonly FrameRange[])[] = [];
    const attach = (message: Message<"attach">): boolean => {
      const outcome = this.#judge(message, nonce);
      if (outcome === "early") return false;
      if (outcome === "wrong") {
        socket.destroy();
        return true;
      }
      clearTimeout(timer);
      this.#waiting.delete(socket);
      epoch = message.epoch;
      this.#events.onAttached(epoch, socket);
      for (const ranges of early.splice(0)) this.#events.onAsked(epoch, ranges, socket);
      return true;
    };
    socket.on("data", (bytes: Buffer) => {
      try {
        for (const message of splitter.push(afterPreface(bytes)))
          if (message.kind === "get" && epoch !== undefined) this.#events.onAsked(epoch, message.frames, socket);
          else if (message.kind === "get" && early.length < 16) early.push(message.frames);
          else if (message.kind === "attach" && epoch === undefined) {
            if (!attach(message)) this.#early.set(socket, () => attach(message));
          } else socket.destroy();
      } catch {
        socket.destroy();
      }
    });
  }

  #judge({ epoch, successor, proof }: Message<"attach">, nonce: Buffer): "right" | "early" | "wrong" {
    const accepted = this.#accepted;
    if (accepted === undefined || epoch > accepted.epoch) return "early";
    if (epoch !== accepted.epoch || successor !== accepted.successor) return "wrong";
    return timingSafeEqual(proof, attachProof(accepted.ticket, nonce, epoch, successor)) ? "right" : "wrong";
  }
}

import type { Socket } from "node:net";
import type { Hop } from "../chain/hop.ts";
import type { HopCommand, HopEvent, HopReport } from "../chain/hop-events.ts";
import type { FrameRange } from "../wire/frame-ranges.ts";
import { DownstreamLink } from "./downstream-link.ts";
import type { FrameBytes } from "./frame-bytes.ts";
import { FrameMemory } from "./frame-memory.ts";
import { LinkServer, type AcceptedSuccessor } from "./link-server.ts";
import { UpstreamLink, type Predecessor } from "./upstream-link.ts";

/** What a hop needs of the one it belongs to. */
export interface HopParts {
  readonly hop: Hop;
  /** Makes a frame that is not in memory; undefined where that cannot be done. */
  readonly rebuild: (frame: number) => Promise<FrameBytes | undefined>;
  /** A whole frame has come. */
  readonly onReceived: (frame: FrameBytes) => void;
  readonly onTrouble: (trouble: Extract<HopCommand, { readonly kind: "lost-link" | "blame" }>) => void;
}

const tickMs = 100;

interface Waiting {
  readonly resolve: (frame: FrameBytes) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Does what a {@link Hop} decides: sockets, bytes and the clock.
 *
 * Invariant: `#frames` holds the bytes of just those frames that the hop keeps in its ring.
 */
export class HopRunner implements Disposable {
  readonly #parts: HopParts;
  readonly #server: LinkServer;
  readonly #frames = new Map<number, FrameBytes>();
  readonly #memory = new FrameMemory();
  readonly #awaiting = new Map<number, Waiting[]>();
  #failure: Error | undefined;
  readonly #timer: NodeJS.Timeout;
  #number: number;
  #predecessor: Predecessor | undefined;
  #up: UpstreamLink | undefined;
  #down: DownstreamLink | undefined;
  #isSkipping = false;
  #heardAtMs = 0;
  /** What went to successors, in all. */
  sent: { bytes: number; pieces: number; lastAtMs: number } = { bytes: 0, pieces: 0, lastAtMs: 0 };

  /** @param number Of this hop. */
  constructor(parts: HopParts, number: number) {
    this.#parts = parts;
    this.#number = number;
    this.#server = new LinkServer({
      onAttached: (epoch, socket) => this.#attach(epoch, socket),
      onAsked: (epoch, ranges, socket) => this.#asked(epoch, ranges, socket),
    });
    this.#timer = setInterval(() => this.#handle({ kind: "tick" }), tickMs);
  }

  /** Takes a connection that begins as a link. */
  welcome(socket: Socket): void {
    this.#server.welcome(socket);
  }

  /** The hop was given another number: it came back. */
  renumber(number: number): void {
    this.#number = number;
  }

  report(): HopReport {
    return this.#parts.hop.report(performance.now());
  }

  link(predecessor: Predecessor): void {
    this.#predecessor = predecessor;
    this.#handle({ kind: "linked", epoch: predecessor.epoch });
  }

  accept(accepted: AcceptedSuccessor & { readonly aside: boolean }): void {
    this.#down?.close();
    this.#handle({ kind: "accepted", epoch: accepted.epoch, aside: accepted.aside });
    this.#server.accept(accepted);
  }

  alone(): void {
    this.#server.accept(undefined);
    this.#down?.close();
    this.#handle({ kind: "alone" });
  }

  /** Tells the hop something that its owner knows. */
  tell(
    event: Extract<HopEvent, { readonly kind: "written" | "broken" | "lacks" | "gone" | "exist" | "absent" }>,
  ): void {
    this.#handle(event);
  }

  /** The frame from memory, which the caller releases, now or once it has come; undefined where it came and went: it is not in memory, and not lacking. */
  take(frame: number): Promise<FrameBytes> | undefined {
    const { hop } = this.#parts;
    const kept = hop.hasInRing(frame) ? this.#frames.get(frame) : undefined;
    if (kept) return Promise.resolve(kept.retain());
    if (!hop.lacks(frame)) return undefined;
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#awaiting.set(frame, [...(this.#awaiting.get(frame) ?? []), { resolve, reject }]);
      this.#handle({ kind: "awaited", frame });
    });
  }

  /** No more frames will come: fails those who wait for one, now and later. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const waiting of this.#awaiting.values()) for (const { reject } of waiting) reject(error);
    this.#awaiting.clear();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#server[Symbol.dispose]();
    this.#up?.close();
    this.#down?.close();
  }

  #attach(epoch: number, socket: Socket): void {
    this.#down?.close();
    this.#down = new DownstreamLink(epoch, socket, {
      onSent: (frame) => this.#sent(epoch, frame),
      onGone: (frame) => this.#handle({ kind: "gone", frame }),
      onClosed: () => {
        this.#down = undefined;
        this.#handle({ kind: "detached", epoch });
      },
    });
    this.#handle({ kind: "attached", epoch });
  }

  #asked(epoch: number, ranges: readonly FrameRange[], socket: Socket): void {
    if (this.#down?.isOver(socket)) this.#handle({ kind: "asked", epoch, ranges });
  }

  #sent(epoch: number, frame: number): void {
    const down = this.#down;
    if (down) {
      this.sent = {
        bytes: this.sent.bytes + down.totalBytes,
        pieces: this.sent.pieces + down.totalPieces,
        lastAtMs: performance.now(),
      };
      down.totalBytes = 0;
      down.totalPieces = 0;
    }
    this.#handle({ kind: "sent", epoch, frame });
  }

  #handle(event: HopEvent): void {
    for (const command of this.#parts.hop.handle(event, performance.now())) this.#act(command);
  }

  #act(command: HopCommand): void {
    switch (command.kind) {
      case "connect":
        this.#connect(command.ask);
        break;
      case "close":
        this.#closeUp();
        break;
      case "get":
        this.#up?.get(command.ask);
        break;
      case "skip":
        this.#isSkipping = true;
        break;
      case "pause":
      case "resume":
        this.#up?.pause(command.kind === "pause");
        break;
      case "send":
        if (this.#down?.epoch === command.epoch) this.#send(command.frame, command.from);
        break;
      case "idle":
        if (this.#down?.epoch === command.epoch) this.#down.idle();
        break;
      case "detach":
        this.#down?.close();
        break;
      case "drop":
        this.#frames.get(command.frame)?.release();
        this.#frames.delete(command.frame);
        break;
      default:
        this.#parts.onTrouble(command);
    }
  }

  #send(frame: number, from: "ring" | "files"): void {
    const kept = from === "ring" ? this.#frames.get(frame) : undefined;
    this.#down?.send(frame, kept ? Promise.resolve(kept.retain()) : this.#parts.rebuild(frame));
  }

  #closeUp(): void {
    const up = this.#up;
    this.#up = undefined;
    up?.close();
  }

  #connect(ask: readonly FrameRange[]): void {
    this.#closeUp();
    const predecessor = this.#predecessor;
    if (predecessor === undefined) return;
    const { epoch } = predecessor;
    const link: UpstreamLink = new UpstreamLink(predecessor, this.#number, ask, this.#memory, {
      onOpened: () => this.#handle({ kind: "opened", epoch }),
      onHeard: () => this.#hear(epoch),
      onBegan: (frame) => this.#began(epoch, frame),
      onReceived: (frame) => this.#received(epoch, frame),
      onClosed: () => {
        // One that was closed here says nothing new.
        if (this.#up !== link) return;
        this.#up = undefined;
        this.#handle({ kind: "closed", epoch });
      },
    });
    this.#up = link;
  }

  /** Reading tells it too often. */
  #hear(epoch: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#heardAtMs < tickMs) return;
    this.#heardAtMs = nowMs;
    this.#handle({ kind: "heard", epoch });
  }

  #began(epoch: number, bytes: FrameBytes): boolean {
    const { frame } = bytes.header;
    this.#isSkipping = false;
    const before = this.#frames.get(frame);
    this.#frames.set(frame, bytes);
    this.#handle({ kind: "began", epoch, frame, sizeBytes: bytes.memoryBytes });
    if (!this.#isSkipping) {
      before?.release();
      return true;
    }
    bytes.release();
    if (before) this.#frames.set(frame, before);
    else this.#frames.delete(frame);
    return false;
  }

  #received(epoch: number, bytes: FrameBytes): void {
    const { frame } = bytes.header;
    this.#handle({ kind: "received", epoch, frame });
    const waiting = this.#awaiting.get(frame);
    this.#awaiting.delete(frame);
    for (const { resolve } of waiting ?? []) resolve(bytes.retain());
    this.#parts.onReceived(bytes);
  }
}

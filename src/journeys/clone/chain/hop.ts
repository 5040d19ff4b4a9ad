import type { FrameRange } from "../wire/frame-ranges.ts";
import { Downstream } from "./downstream.ts";
import { FrameBook } from "./frame-book.ts";
import {
  isOfDownstream,
  isOfUpstream,
  type DownstreamEvent,
  type HopCommand,
  type HopEvent,
  type HopReport,
  type OwnEvent,
  type UpstreamEvent,
} from "./hop-events.ts";
import { RelayedFrames } from "./relayed-frames.ts";
import { Ring } from "./ring.ts";
import { ringLimitBytes, times } from "./times.ts";
import type { Upstream } from "./upstream.ts";

/**
 * Decides what one hop does, node or golden node: no sockets, no clock. Section 4 of `docs/protocol/chain.md`.
 *
 * Invariants: a frame is lacking until all of it was received; what is lacking is asked for on the current link, or
 * will be once there is room; bytes in memory stay below the ring's limit and one frame.
 */
export class Hop {
  readonly #frames: number;
  readonly #book: FrameBook;
  readonly #ring: Ring;
  #upstream: Upstream | undefined;
  #downstream: Downstream | undefined;
  #arriving: number | undefined;
  /** What the own writer waits for. */
  readonly #awaited = new Set<number>();
  readonly #relayed = new RelayedFrames();
  #paused = false;
  #commands: HopCommand[] = [];

  /** @param frames How many there are, or may be. @param lacking What is known to be. @param absent What does not exist yet. */
  constructor(
    frames: number,
    lacking: readonly FrameRange[],
    ringBytes: number = ringLimitBytes,
    absent: readonly FrameRange[] = [],
  ) {
    this.#frames = frames;
    this.#ring = new Ring(ringBytes);
    this.#book = new FrameBook(lacking, absent);
  }

  get lackingCount(): number {
    return this.#book.lacking.size;
  }

  get ringBytes(): number {
    return this.#ring.bytes;
  }

  lacks(frame: number): boolean {
    return this.#book.lacking.has(frame);
  }

  /** Says whether a frame is whole in memory. */
  hasInRing(frame: number): boolean {
    return this.#ring.has(frame) && frame !== this.#arriving;
  }

  report(nowMs: number): HopReport {
    const up = this.#upstream;
    const relayed = this.#relayed.countIn(this.#book.lacking);
    return {
      complete: this.#frames - this.#book.notHereCount + relayed,
      lacking: this.#book.lacking.size - relayed,
      held: this.#paused ? (this.#ring.waitsForWriter ? "writing" : "successor") : "no",
      silentMs: up === undefined || this.#paused ? 0 : Math.max(0, Math.round(nowMs - up.heardAtMs)),
      epoch: up?.epoch ?? 0,
    };
  }

  handle(event: HopEvent, nowMs: number): HopCommand[] {
    this.#commands = [];
    if (isOfUpstream(event)) {
      if (event.kind === "linked") this.#link(event.epoch, nowMs);
      else if (event.epoch === this.#upstream?.epoch) this.#handleUpstream(event, this.#upstream, nowMs);
    } else if (isOfDownstream(event)) this.#handleDownstream(event, nowMs);
    else this.#handleOwn(event, nowMs);
    this.#settle(nowMs);
    return this.#commands;
  }

  #handleUpstream(event: UpstreamEvent, up: Upstream, nowMs: number): void {
    up.heardAtMs = nowMs;
    switch (event.kind) {
      case "opened":
        up.state = "open";
        break;
      case "closed":
        this.#lose(up, nowMs);
        break;
      case "began":
        this.#begin(event.frame, event.sizeBytes);
        break;
      case "received":
        if (this.#arriving !== event.frame) break;
        this.#arriving = undefined;
        this.#ring.complete(event.frame);
        this.#book.lacking.remove(event.frame);
        up.failures = 0;
        this.#awaited.delete(event.frame);
        break;
      default:
    }
  }

  #handleDownstream(event: DownstreamEvent, nowMs: number): void {
    const isOther = event.kind === "accepted" || event.kind === "alone";
    if (isOther || event.kind === "detached") this.#relayNothing();
    if (isOther) this.#downstream = event.kind === "accepted" ? new Downstream(event.epoch, event.aside) : undefined;
    else if (event.epoch === this.#downstream?.epoch) {
      const down = this.#downstream;
      if (event.kind === "attached" || event.kind === "detached") down.attach(event.kind === "attached");
      else if (event.kind === "sent") {
        down.sent(event.frame, nowMs);
        this.#relayed.remove(event.frame);
      } else if (event.kind === "asked" && !down.ask(event.ranges))
        this.#commands.push({ kind: "detach", epoch: down.epoch });
      if (event.kind === "attached") down.sentAtMs = nowMs;
    }
  }

  #handleOwn(event: OwnEvent, nowMs: number): void {
    switch (event.kind) {
      case "broken":
        this.#ring.remove(event.frame);
        this.#commands.push({ kind: "drop", frame: event.frame });
        this.#miss(event.frame);
        if (this.#upstream && ++this.#upstream.bad === 2)
          this.#commands.push({ kind: "blame", epoch: this.#upstream.epoch, frame: event.frame });
        break;
      case "gone":
        this.#lookElsewhere(event.frame);
        break;
      case "written":
        this.#ring.written(event.frame);
        break;
      case "awaited":
        if (this.#book.lacking.has(event.frame)) this.#awaited.add(event.frame);
        this.#relayed.remove(event.frame);
        break;
      case "exist":
        this.#book.exist(event.ranges);
        break;
      case "absent":
        this.#book.vanish(event.ranges);
        break;
      case "lacks":
        for (const { start, end } of event.ranges)
          for (let frame = start; frame < end; frame++) {
            this.#relayed.remove(frame);
            if (!this.#ring.has(frame)) this.#book.lacking.add(frame);
          }
        break;
      default:
        this.#tick(nowMs);
    }
  }

  /** A frame is not in files after all. */
  #lookElsewhere(frame: number): void {
    const down = this.#downstream;
    if (this.#ring.has(frame)) {
      down?.putBack(frame); // It has come since.
      return;
    }
    if (down?.isSending(frame) && !this.#book.lacking.has(frame)) this.#relayed.add(frame);
    this.#miss(frame);
  }

  /** A frame that counted as had is lacking again. */
  #miss(frame: number): void {
    if (frame !== this.#arriving) this.#book.lacking.add(frame);
    this.#book.unask(frame);
    this.#downstream?.putBack(frame);
  }

  /** What was to be got for a successor that is gone is no more. */
  #relayNothing(): void {
    for (const frame of this.#relayed.clear()) {
      if (frame !== this.#arriving) this.#book.forget(frame);
    }
  }

  #link(epoch: number, nowMs: number): void {
    const before = this.#upstream;
    if (before && before.state !== "waiting") this.#commands.push({ kind: "close", epoch: before.epoch });
    this.#upstream = { epoch, state: "waiting", failures: 0, bad: 0, heardAtMs: nowMs, retryAtMs: nowMs };
    this.#forgetArriving();
    this.#connect(this.#upstream, nowMs);
  }

  #connect(up: Upstream, nowMs: number): void {
    up.state = "opening";
    up.heardAtMs = nowMs;
    this.#commands.push({ kind: "connect", epoch: up.epoch, ask: this.#book.askAnew() });
  }

  #lose(up: Upstream, nowMs: number): void {
    this.#forgetArriving();
    up.failures += 1;
    if (up.failures <= 2 && this.#book.lacking.size > 0) this.#commands.push({ kind: "lost-link", epoch: up.epoch });
    if (up.failures === 1) {
      this.#connect(up, nowMs);
      return;
    }
    up.state = "waiting";
    up.retryAtMs = nowMs + times.retryMs;
  }

  /** The rest of the frame that was coming will not come in this sealing. */
  #forgetArriving(): void {
    const frame = this.#arriving;
    this.#arriving = undefined;
    if (frame === undefined) return;
    this.#ring.remove(frame);
    this.#commands.push({ kind: "drop", frame });
    const down = this.#downstream;
    // It may have gone to the successor in part; nothing else may follow on that connection.
    if (down?.isSending(frame)) this.#commands.push({ kind: "detach", epoch: down.epoch });
  }

  #begin(frame: number, sizeBytes: number): void {
    this.#book.unask(frame);
    if (!this.#book.lacking.has(frame) || this.#ring.has(frame)) {
      this.#commands.push({ kind: "skip", frame });
      return;
    }
    this.#arriving = frame;
    this.#ring.begin(frame, sizeBytes);
  }

  #tick(nowMs: number): void {
    const up = this.#upstream;
    if (up?.state === "waiting" && nowMs >= up.retryAtMs) this.#connect(up, nowMs);
    else if (up && up.state !== "waiting" && !this.#paused && nowMs - up.heardAtMs > times.linkSilentMs) {
      this.#commands.push({ kind: "close", epoch: up.epoch });
      this.#lose(up, nowMs);
    }
    const down = this.#downstream;
    if (down?.isAttached && nowMs - down.sentAtMs >= times.idleMs) {
      down.sentAtMs = nowMs;
      this.#commands.push({ kind: "idle", epoch: down.epoch });
    }
  }

  /** Brings everything that follows from what is so now into being: room, sending, reading, asking. */
  #settle(nowMs: number): void {
    if (this.#downstream) this.#feed(this.#downstream);
    this.#makeRoom();
    const full = this.#ring.isFull;
    if (full !== this.#paused) {
      this.#paused = full;
      this.#commands.push({ kind: full ? "pause" : "resume" });
      if (this.#upstream) this.#upstream.heardAtMs = nowMs;
    }
    this.#askForRest();
  }

  #feed(down: Downstream): void {
    const isReady = (frame: number): boolean => this.#ring.has(frame) || !this.#relayed.isFull;
    const next = (): number | undefined => down.next(this.#book.lacking, this.#book.absent, this.#arriving, isReady);
    for (let frame = next(); frame !== undefined; frame = next())
      this.#commands.push({ kind: "send", epoch: down.epoch, frame, from: this.#ring.has(frame) ? "ring" : "files" });
  }

  #makeRoom(): void {
    const held = (frame: number): boolean => this.#downstream?.holds(frame, this.#relayed) === true;
    while (this.#ring.isFull) {
      const frame = this.#ring.oldestFree(held) ?? this.#giveWay();
      if (frame === undefined) break;
      this.#ring.remove(frame);
      this.#commands.push({ kind: "drop", frame });
    }
  }

  /** Where the writer waits for a frame that cannot come in, one that it needs later goes and is asked for again. */
  #giveWay(): number | undefined {
    if (this.#awaited.size === 0) return undefined;
    const frame = this.#ring.latestUnwritten();
    if (frame === undefined || this.#downstream?.isSending(frame)) return undefined;
    this.#book.lacking.add(frame);
    return frame;
  }

  #askForRest(): void {
    const up = this.#upstream;
    if (up?.state !== "open") return;
    // Without room only what the writer waits for: all else would come first, and be thrown out again.
    const ask = this.#book.askMore(this.#arriving, this.#ring.isTight ? this.#awaited : undefined);
    if (ask.length > 0) this.#commands.push({ kind: "get", epoch: up.epoch, ask });
  }
}

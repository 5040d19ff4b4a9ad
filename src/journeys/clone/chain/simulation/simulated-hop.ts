import { FrameSet } from "../frame-set.ts";
import { Hop } from "../hop.ts";
import type { HopCommand, HopEvent } from "../hop-events.ts";
import type { FrameRange } from "../../wire/frame-ranges.ts";
import { times } from "../times.ts";
import type { Agenda } from "./agenda.ts";
import { blocksOf, boundOf, noParts, partNumbers, type Growth } from "./growth.ts";
import type { Speeds } from "./speeds.ts";

/** A connection from a successor to its predecessor. */
class Link {
  readonly epoch: number;
  readonly from: SimulatedHop;
  readonly to: SimulatedHop;
  isOpen = true;
  busyUntilMs = 0;

  constructor(epoch: number, from: SimulatedHop, to: SimulatedHop) {
    this.epoch = epoch;
    this.from = from;
    this.to = to;
  }
}

/** A frame on its way: it may be forwarded before all of it has come. */
interface Arrival {
  readonly beganAtMs: number;
  readonly endsAtMs: number;
  readonly isGood: boolean;
}

/** What the simulated network is for a hop. */
export interface Surroundings {
  readonly agenda: Agenda;
  readonly frameBytes: number;
  readonly growing: Growth | undefined;
  readonly hopOf: (number: number) => SimulatedHop | undefined;
  readonly toGolden: (from: SimulatedHop, command: HopCommand) => void;
}

/** Does what a {@link Hop} wants, in virtual time. */
export class SimulatedHop {
  number: number;
  readonly name: string;
  readonly speeds: Speeds;
  readonly #around: Surroundings;
  hop: Hop;
  state: "up" | "killed" | "frozen" | "cut" = "up";
  /** What it has on disk, right bytes. */
  readonly files: FrameSet = new FrameSet();
  /** Sends other bytes than it got, one time in so many. */
  spoilsEach = 0;
  /** Nobody can read its files once it has all of them: a disk that was finished. */
  closesFiles = false;
  completeAtMs: number | undefined;
  readonly #frames: number;
  mostRingBytes = 0;
  predecessor: number | undefined;
  #up: Link | undefined;
  #down: Link | undefined;
  readonly #arrivals = new Map<number, Arrival>();
  readonly #early = new Map<number, Link & { ask?: readonly FrameRange[] }>();
  #accepted = -1;
  #queue: { readonly frame: number; readonly from: "ring" | "files" }[] = [];
  #isSending = false;
  #isPaused = false;
  #writerFreeAtMs = 0;
  /** Frames that it sent, or began to. */
  handed = 0;
  #partsRead = 0;

  constructor(number: number, name: string, frames: number, lacking: FrameSet, speeds: Speeds, around: Surroundings) {
    this.number = number;
    this.name = name;
    this.speeds = speeds;
    this.#around = around;
    this.#frames = frames;
    const { growing } = around;
    const absent = growing && { ...boundOf(growing), start: number === 0 ? 0 : partNumbers(growing).end };
    this.hop = absent ? new Hop(absent.end, lacking.ranges, undefined, [absent]) : new Hop(frames, lacking.ranges);
  }

  get isReachable(): boolean {
    return this.state === "up";
  }

  handle(event: HopEvent): void {
    if (this.state === "killed" || this.state === "frozen") return;
    const commands = this.hop.handle(event, this.#around.agenda.nowMs);
    this.mostRingBytes = Math.max(this.mostRingBytes, this.hop.ringBytes);
    for (const command of commands) this.#act(command);
  }

  /** The golden node has named its successor. */
  accept(epoch: number, aside: boolean): void {
    if (this.#down) this.#close(this.#down);
    this.#accepted = epoch;
    this.#queue = [];
    this.handle({ kind: "accepted", epoch, aside });
    const early = this.#early.get(epoch);
    this.#early.clear();
    if (early) this.#attach(early, early.ask ?? []);
  }

  alone(): void {
    if (this.#down) this.#close(this.#down);
    this.#accepted = -1;
    this.handle({ kind: "alone" });
  }

  /** Ends all its connections; the other ends see it only if `isSeen`. */
  disconnect(isSeen: boolean): void {
    for (const link of [this.#up, this.#down])
      if (link) {
        if (isSeen) this.#close(link);
        else if (link === this.#down) link.isOpen = false;
      }
    this.#up = undefined;
    this.#down = undefined;
    this.#queue = [];
    this.#isSending = false;
  }

  #act(command: HopCommand): void {
    switch (command.kind) {
      case "connect":
        this.#connect(command.epoch, command.ask);
        break;
      case "get":
        if (this.#up?.isOpen) this.#up.from.handle({ kind: "asked", epoch: command.epoch, ranges: command.ask });
        break;
      case "close":
        if (this.#up) this.#close(this.#up, this);
        this.#up = undefined;
        break;
      case "detach":
        if (this.#down) this.#close(this.#down);
        break;
      case "send":
        this.#queue.push(command);
        this.#sendNext();
        break;
      case "idle": {
        const link = this.#down;
        if (link?.isOpen && !this.#isSending)
          this.#over(link, () => link.to.handle({ kind: "heard", epoch: link.epoch }));
        break;
      }
      case "pause":
      case "resume":
        this.#isPaused = command.kind === "pause";
        if (!this.#isPaused && this.#up) this.#up.from.#sendNext();
        break;
      case "drop":
        this.#arrivals.delete(command.frame);
        break;
      case "skip":
        break;
      default:
        this.#around.toGolden(this, command);
    }
  }

  #connect(epoch: number, ask: readonly FrameRange[]): void {
    const from = this.#around.hopOf(this.predecessor ?? 0);
    if (this.#up) this.#close(this.#up, this);
    const { latencyMs } = this.speeds;
    if (from === undefined || from.state === "killed") {
      this.#around.agenda.after(latencyMs, () => this.handle({ kind: "closed", epoch }));
      return;
    }
    const link = new Link(epoch, from, this);
    this.#up = link;
    this.#over(link, () => from.#attach(link, ask));
  }

  #attach(link: Link, ask: readonly FrameRange[]): void {
    if (link.epoch !== this.#accepted) {
      if (link.epoch > this.#accepted) this.#early.set(link.epoch, Object.assign(link, { ask }));
      else this.#close(link);
      return;
    }
    if (this.#down && this.#down !== link) this.#close(this.#down);
    this.#down = link;
    this.#queue = [];
    this.#isSending = false;
    this.handle({ kind: "attached", epoch: link.epoch });
    this.handle({ kind: "asked", epoch: link.epoch, ranges: ask });
    this.#over(link, () => link.to.handle({ kind: "opened", epoch: link.epoch }));
  }

  #sendNext(): void {
    const link = this.#down;
    const next = this.#queue[0];
    const { agenda, frameBytes } = this.#around;
    if (this.#isSending || next === undefined || !link?.isOpen || link.to.#isPaused) return;
    this.#queue.shift();
    this.#isSending = true;
    const { frame } = next;
    const arrival = this.#arrivals.get(frame);
    const isHere = next.from === "ring" ? arrival !== undefined : this.#isSource || this.#canRead(frame);
    if (!isHere) {
      this.#isSending = false;
      this.handle({ kind: "gone", frame });
      this.#sendNext();
      return;
    }
    const { hopMs } = this.speeds;
    const rate = Math.min(this.speeds.linkBytesPerMs, link.to.speeds.linkBytesPerMs);
    const from =
      next.from === "ring" && arrival ? arrival : { beganAtMs: agenda.nowMs - hopMs, endsAtMs: 0, isGood: true };
    const startMs = Math.max(agenda.nowMs, link.busyUntilMs, from.beganAtMs + hopMs);
    const endMs = Math.max(startMs + frameBytes / rate, from.endsAtMs + hopMs);
    link.busyUntilMs = endMs;
    this.handed += 1;
    const isGood = from.isGood && !(this.spoilsEach > 0 && this.handed % this.spoilsEach === 0);
    agenda.at(startMs, () =>
      this.#over(link, () =>
        link.to.#receive(link, frame, { beganAtMs: agenda.nowMs, endsAtMs: endMs + link.to.speeds.latencyMs, isGood }),
      ),
    );
    agenda.at(endMs, () => {
      if (this.#down !== link || !link.isOpen) return;
      this.#isSending = false;
      this.handle({ kind: "sent", epoch: link.epoch, frame });
      this.#sendNext();
    });
  }

  #canRead(frame: number): boolean {
    return this.files.has(frame) && !(this.closesFiles && this.completeAtMs !== undefined);
  }

  get #isSource(): boolean {
    return this.number === 0;
  }

  #receive(link: Link, frame: number, arrival: Arrival): void {
    const { agenda, frameBytes } = this.#around;
    if (!this.hop.lacks(frame)) return;
    this.#arrivals.set(frame, arrival);
    this.handle({ kind: "began", epoch: link.epoch, frame, sizeBytes: frameBytes });
    agenda.at(arrival.endsAtMs, () => {
      if (!link.isOpen || !this.#isJoined(link)) return;
      this.handle({ kind: "received", epoch: link.epoch, frame });
      this.#write(frame, arrival.isGood);
    });
  }

  #write(frame: number, isGood: boolean): void {
    const { agenda, frameBytes } = this.#around;
    this.#writerFreeAtMs = Math.max(agenda.nowMs, this.#writerFreeAtMs) + frameBytes / this.speeds.writeBytesPerMs;
    const finish = (): void => {
      if (this.state === "killed") return;
      // It goes on when the node does.
      if (this.state === "frozen") return agenda.after(times.reportMs, finish);
      if (isGood) this.files.add(frame);
      if (this.#around.growing) this.#readParts(this.#around.growing);
      if (this.files.size === this.#frames) this.completeAtMs ??= agenda.nowMs;
      this.handle(isGood ? { kind: "written", frame } : { kind: "broken", frame });
    };
    agenda.at(this.#writerFreeAtMs, finish);
  }

  /** What the parts that are there name, in their order, exists and is needed. */
  #readParts(growing: Growth): void {
    for (; this.#partsRead < growing.parts && this.files.has(this.#partsRead); this.#partsRead++) {
      const ranges = [blocksOf(growing, this.#partsRead)];
      this.handle({ kind: "exist", ranges });
      this.handle({ kind: "lacks", ranges });
      if (this.#partsRead + 1 === growing.parts) this.handle({ kind: "absent", ranges: [noParts(growing)] });
    }
  }

  /** Does something at the other end, unless one of them cannot be reached by then. */
  #over(link: Link, act: () => void): void {
    this.#around.agenda.after(this.speeds.latencyMs, () => {
      if (link.isOpen && this.#isJoined(link)) act();
    });
  }

  #isJoined(link: Link): boolean {
    return link.from.isReachable && link.to.isReachable;
  }

  #close(link: Link, by?: SimulatedHop): void {
    if (!link.isOpen) return;
    link.isOpen = false;
    const { agenda } = this.#around;
    const { from, to, epoch } = link;
    if (to !== by && from.state !== "cut" && from.state !== "frozen")
      agenda.after(to.speeds.latencyMs, () => to.handle({ kind: "closed", epoch }));
    if (from.#down === link) {
      from.#down = undefined;
      from.#queue = [];
      from.#isSending = false;
      from.handle({ kind: "detached", epoch });
    }
  }
}

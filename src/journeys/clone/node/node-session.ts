import { zstdCompress } from "node:zlib";
import { promisify } from "node:util";
import { Hop } from "../chain/hop.ts";
import { times } from "../chain/times.ts";
import type { NodeVerdict } from "../chain/coordinator-events.ts";
import type { ControlConnection } from "../control/control-connection.ts";
import { SessionRefusedError } from "../errors.ts";
import { ChainPort } from "../link/chain-port.ts";
import { FrameBytes } from "../link/frame-bytes.ts";
import { HopRunner } from "../link/hop-runner.ts";
import { FrameSet } from "../chain/frame-set.ts";
import { decodeFrameHeader } from "../wire/frame-header.ts";
import { FrameKeys, sealFrame } from "../wire/frame-seal.ts";
import type { Message } from "../wire/messages.ts";
import { execSubject, isSigned } from "../wire/signed.ts";
import { IndexReceiver, type SessionFacts } from "./index-receiver.ts";
import type { NodeParts } from "./node-parts.ts";
import { seek, type FoundGolden } from "./seek.ts";

const goldenSilentMs = 5000;
const compress = promisify(zstdCompress);

/**
 * A node in a session: control, its hop, and what it knows of the image.
 *
 * Invariant: it goes on with its links while the golden node is away, and seeks it until it is ended.
 */
export class NodeSession implements Disposable {
  readonly #parts: NodeParts;
  readonly #facts: SessionFacts;
  readonly #receiver: IndexReceiver;
  readonly #keys: FrameKeys;
  readonly #hop: Hop;
  readonly #runner: HopRunner;
  readonly #port: ChainPort;
  readonly #timer: NodeJS.Timeout;
  /** Frames that the own writer has still to take. */
  readonly #needed = new FrameSet();
  #number: number;
  #goldenHost: string;
  #counter = 0;
  #connection: ControlConnection | undefined;
  #heardAtMs = performance.now();
  #verdict: NodeVerdict | undefined;
  #lastSerial = 0;
  #settlement: Message<"settle"> | undefined;
  /** Aborted once the golden node has ended the session, or this node has: nobody seeks it then. */
  readonly #over = new AbortController();
  /** Resolves when the index is there. @throws {SessionRefusedError} If the session ends before. */
  readonly indexed: Promise<void>;
  /** Resolves when the golden node has ended the session. */
  readonly ended: Promise<void>;
  #onIndexed: () => void = () => undefined;
  #onNotIndexed: (error: SessionRefusedError) => void = () => undefined;
  #onEnded: () => void = () => undefined;

  /** Seeks the golden node until it lets this one in. @throws {SessionRefusedError} @throws {InterruptedError} */
  static async join(parts: NodeParts): Promise<NodeSession> {
    let session: NodeSession | undefined;
    const port = await ChainPort.listen(parts.where, {
      link: (socket) => {
        if (session === undefined) socket.destroy();
        else session.runner.welcome(socket);
      },
    });
    try {
      const early: Message[] = [];
      let closed = false;
      const welcomed = await seek(parts, port.port, 0, {
        onMessage: (message) => {
          if (session === undefined) early.push(message);
          else session.#hear(message);
        },
        onClosed: () => {
          closed = true;
          if (session) session.#lost();
        },
      });
      session = new NodeSession(parts, port, welcomed);
      for (const message of early) session.#hear(message);
      if (closed) session.#lost();
      return session;
    } catch (error) {
      port[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(parts: NodeParts, port: ChainPort, { welcome, goldenKey, connection, place }: FoundGolden) {
    this.#parts = parts;
    this.#port = port;
    this.#connection = connection;
    this.#goldenHost = place.host;
    this.#number = welcome.number;
    const { sessionId, sessionKey, indexFrames, frames } = welcome;
    this.#facts = { sessionId, goldenKey, image: welcome.image as SessionFacts["image"], indexFrames, frames };
    this.#keys = new FrameKeys(sessionId, sessionKey);
    this.#receiver = new IndexReceiver(this.#facts, this.#keys, parts.index);
    const isFresh = parts.isFresh(welcome.image);
    if (isFresh) this.#needed.add(indexFrames, frames);
    this.#hop = new Hop(frames, [{ start: 0, end: isFresh ? frames : indexFrames }]);
    this.#runner = new HopRunner(
      {
        hop: this.#hop,
        rebuild: (frame) => this.#rebuild(frame),
        onReceived: (frame) => this.#received(frame),
        onTrouble: ({ kind, ...rest }) =>
          this.#connection?.send(
            kind === "blame" ? { kind, frame: 0, ...rest } : { kind: "lost-link", epoch: rest.epoch },
          ),
      },
      welcome.number,
    );
    this.#timer = setInterval(() => this.#tick(), times.reportMs);
    this.indexed = new Promise((resolve, reject) => {
      this.#onIndexed = resolve;
      this.#onNotIndexed = reject;
    });
    // Whoever waits for it hears of it.
    this.indexed.catch(() => undefined);
    this.ended = new Promise((resolve) => {
      this.#onEnded = resolve;
    });
  }

  get image(): SessionFacts["image"] {
    return this.#facts.image;
  }

  /** The frames that bring blocks: from `first` on, up to `end`. */
  get blockFrames(): { readonly first: number; readonly end: number } {
    return { first: this.#facts.indexFrames, end: this.#facts.frames };
  }

  get receiver(): IndexReceiver {
    return this.#receiver;
  }

  /** What to make of the copy once it is verified, as far as the golden node has said it. */
  get settlement(): Message<"settle"> | undefined {
    return this.#settlement;
  }

  get runner(): HopRunner {
    return this.#runner;
  }

  get keys(): FrameKeys {
    return this.#keys;
  }

  /** Asks for just these frames, where not all were asked for from the first. */
  need(frames: FrameSet): void {
    for (const { start, end } of frames.ranges) this.#needed.add(start, end);
    this.#runner.tell({ kind: "lacks", ranges: frames.ranges.map(({ start, end }) => ({ start, end })) });
  }

  /** The writer has a frame: it needs it in memory no more. */
  taken(frame: number): void {
    this.#needed.remove(frame);
    this.#runner.tell({ kind: "written", frame });
  }

  log(line: string): void {
    this.#parts.onLine(line);
    this.#connection?.send({ kind: "log", line });
  }

  /** Tells the golden node how it ended here; again whenever that one comes back. */
  judge(verdict: NodeVerdict): void {
    this.#verdict = verdict;
    this.#connection?.send({ kind: "verdict", ...verdict });
  }

  [Symbol.dispose](): void {
    this.#over.abort();
    clearInterval(this.#timer);
    this.#runner[Symbol.dispose]();
    this.#port[Symbol.dispose]();
    this.#connection?.close();
    this.#end();
  }

  #end(): void {
    this.#over.abort();
    this.#onEnded();
    const error = new SessionRefusedError("ended", "the golden node has ended it");
    this.#onNotIndexed(error);
    this.#runner.fail(error);
  }

  #received(frame: FrameBytes): void {
    const { frame: number } = frame.header;
    if (number >= this.#facts.indexFrames) {
      // Asked for on behalf of a successor only.
      if (!this.#needed.has(number)) this.#runner.tell({ kind: "written", frame: number });
      return;
    }
    try {
      this.#receiver.take(frame);
    } catch {
      this.#runner.tell({ kind: "broken", frame: number });
      return;
    }
    this.#runner.tell({ kind: "written", frame: number });
    if (this.#receiver.isComplete) this.#onIndexed();
  }

  async #rebuild(frame: number): Promise<FrameBytes | undefined> {
    const part = this.#receiver.part(frame);
    const plain = part ?? (await this.#parts.fromFiles(frame));
    if (plain === undefined) return undefined;
    const body = part ?? (await compress(plain, { params: {} }));
    const header = { type: part ? "index" : "rebuilt", frame, sealer: this.#number, counter: ++this.#counter } as const;
    const bytes = sealFrame(this.#keys, header, body);
    return FrameBytes.whole(decodeFrameHeader(bytes), bytes);
  }

  #tick(): void {
    const { held, ...report } = this.#runner.report();
    this.#connection?.send({ kind: "report", ...report, held: { no: 0, successor: 1, writing: 2 }[held] });
    if (performance.now() - this.#heardAtMs > goldenSilentMs) this.#connection?.close();
  }

  #hear(message: Message): void {
    this.#heardAtMs = performance.now();
    switch (message.kind) {
      case "link": {
        const host = message.host === "" ? this.#goldenHost : message.host;
        this.#runner.link({ epoch: message.epoch, host, port: message.port, ticket: Buffer.from(message.ticket) });
        break;
      }
      case "accept":
        this.#runner.accept({ ...message, ticket: Buffer.from(message.ticket) });
        break;
      case "alone":
        this.#runner.alone();
        break;
      case "end":
        this.#end();
        break;
      case "settle":
        this.#settlement = message;
        break;
      case "exec":
        void this.#exec(message);
        break;
      default:
    }
  }

  async #exec({ serial, signature, command }: Message<"exec">): Promise<void> {
    const { sessionId, goldenKey } = this.#facts;
    const isRight = isSigned(execSubject(sessionId, this.#number, serial, command), signature, goldenKey);
    if (!isRight || serial <= this.#lastSerial) return;
    this.#lastSerial = serial;
    if (this.#parts.exec === undefined) {
      this.log("a command was refused: this node was not started with --allow-exec");
      this.#connection?.send({ kind: "ran", serial, exitStatus: 126 });
      return;
    }
    const exitStatus = await this.#parts.exec(command.split("\0"), (line) => this.log(line));
    this.#connection?.send({ kind: "ran", serial, exitStatus });
  }

  /** The golden node is gone: goes on, and seeks it; who has failed is let go by it, and comes back no more. */
  #lost(): void {
    this.#connection = undefined;
    if (this.#verdict?.ok !== false && !this.#over.signal.aborted) void this.#return();
  }

  async #return(): Promise<void> {
    this.#parts.onLine("the golden node is gone; going on with what is here, and seeking it");
    const { signal: asked } = this.#parts;
    const signal = asked === undefined ? this.#over.signal : AbortSignal.any([asked, this.#over.signal]);
    try {
      const { welcome, connection, place } = await seek({ ...this.#parts, signal }, this.#port.port, this.#number, {
        onMessage: (message) => this.#hear(message),
        onClosed: () => this.#lost(),
      });
      const { sessionId, image, frames } = this.#facts;
      const isSame = welcome.sessionId.equals(sessionId) && welcome.image === image && welcome.frames === frames;
      if (signal.aborted || !isSame) {
        connection.close();
        if (!isSame) this.#end();
        return;
      }
      this.#number = welcome.number;
      this.#goldenHost = place.host;
      this.#heardAtMs = performance.now();
      this.#runner.renumber(welcome.number);
      this.#connection = connection;
      if (this.#verdict) connection.send({ kind: "verdict", ...this.#verdict });
    } catch {
      this.#end();
    }
  }
}

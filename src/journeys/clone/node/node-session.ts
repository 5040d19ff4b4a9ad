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
import { FrameKeys } from "../wire/frame-seal.ts";
import type { Message } from "../wire/messages.ts";
import { appetiteOf, captureName, GrowingIndex } from "./growing-index.ts";
import { IndexReceiver, type SessionFacts } from "./index-receiver.ts";
import type { NodeParts } from "./node-parts.ts";
import { seek, type FoundGolden } from "./seek.ts";
import { SignedCommands } from "./signed-commands.ts";

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
  readonly #commands: SignedCommands;
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
  #settlement: Omit<Message<"settle">, "kind"> = { identity: "none", hostname: "", modules: "" };
  /** Aborted once the golden node has ended the session, or this node has: nobody seeks it then. */
  readonly #over = new AbortController();
  readonly #indexed = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  /** The index of a growing session, as it comes. */
  readonly growing: GrowingIndex | undefined;
  /** Resolves when the index is there, of a growing session never. @throws {SessionRefusedError} If the session ends before. */
  readonly indexed: Promise<void> = this.#indexed.promise;
  /** Resolves when the golden node has ended the session. */
  readonly ended: Promise<void> = this.#ended.promise;

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
    this.#commands = new SignedCommands(this.#facts, parts.exec, (line) => this.log(line));
    const [isGrowing, isFresh] = [welcome.image === "", parts.isFresh(this.image)];
    const partOf = (frame: number): Buffer | undefined => this.#receiver.part(frame);
    if (isGrowing) this.growing = new GrowingIndex(parts.index, partOf, appetiteOf(parts, this.image));
    else if (isFresh) this.#needed.add(indexFrames, frames);
    const asksForAll = isFresh && !isGrowing;
    const lacking = [{ start: 0, end: asksForAll ? frames : indexFrames }];
    // Which of the others are here only the index tells.
    const hop = new Hop(frames, lacking, undefined, asksForAll ? [] : [{ start: indexFrames, end: frames }]);
    this.#runner = new HopRunner(
      {
        hop,
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
    // Whoever waits for it hears of it.
    this.indexed.catch(() => undefined);
  }

  /** What names the image that comes: its id, or of a growing session a name of this capture. */
  get image(): string {
    return this.#facts.image || captureName(this.#parts.golden.session, this.#facts.sessionId);
  }

  /** The frames that bring blocks: from `first` on, up to `end`. */
  get blockFrames(): { readonly first: number; readonly end: number } {
    return { first: this.#facts.indexFrames, end: this.growing?.endOfBlocks ?? this.#facts.frames };
  }

  get receiver(): IndexReceiver {
    return this.#receiver;
  }

  /** What to make of the copy once it is verified; nothing, unless the golden node has said so. */
  get settlement(): Omit<Message<"settle">, "kind"> {
    return this.#settlement;
  }

  get runner(): HopRunner {
    return this.#runner;
  }

  get keys(): FrameKeys {
    return this.#keys;
  }

  /** Asks for just these frames as far as they are not on this node, where not all were asked for from the first. */
  need(frames: FrameSet): void {
    const lacking = frames.where((frame) => !this.#parts.isBeside(frame));
    for (const { start, end } of lacking.ranges) this.#needed.add(start, end);
    this.#runner.tell({ kind: "lacks", ranges: lacking.ranges.map(({ start, end }) => ({ start, end })) });
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

  #end(error = new SessionRefusedError("ended", "the golden node has ended it")): void {
    this.#over.abort();
    this.#ended.resolve();
    this.#indexed.reject(error);
    this.growing?.fail(error);
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
    if (this.growing) this.#grow(this.growing);
    else if (this.#receiver.isComplete) this.#indexed.resolve();
  }

  #grow(index: GrowingIndex): void {
    try {
      const { exist, needed, absent } = index.advance();
      this.need(needed);
      this.#runner.tell({ kind: "exist", ranges: exist });
      this.#runner.tell({ kind: "absent", ranges: absent });
    } catch (error) {
      index.fail(error as Error);
      this.#runner.fail(error as Error);
    }
  }

  async #rebuild(frame: number): Promise<FrameBytes | undefined> {
    const part = this.#receiver.part(frame);
    const plain = part ?? (await this.#parts.fromFiles(frame));
    if (plain === undefined) return undefined;
    const body = part ?? (await compress(plain, { params: {} }));
    const header = { type: part ? "index" : "rebuilt", frame, sealer: this.#number, counter: ++this.#counter } as const;
    return FrameBytes.sealed(this.#keys, header, body);
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
        void this.#commands.run(message, this.#number).then((exitStatus) => {
          if (exitStatus !== undefined) this.#connection?.send({ kind: "ran", serial: message.serial, exitStatus });
        });
        break;
      default:
    }
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
        const isAnew = this.growing !== undefined && this.#verdict === undefined;
        if (!isSame) this.#end(isAnew ? new SessionRefusedError("anew", "the golden node captures anew") : undefined);
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

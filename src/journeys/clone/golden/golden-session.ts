import { randomBytes } from "node:crypto";
import { Coordinator } from "../chain/coordinator.ts";
import type { CoordinatorCommand, CoordinatorEvent, SessionNote } from "../chain/coordinator-events.ts";
import { Hop } from "../chain/hop.ts";
import type { NodeRecord } from "../chain/roster.ts";
import { times } from "../chain/times.ts";
import type { ControlConnection } from "../control/control-connection.ts";
import { ControlServer, type Guest } from "../control/control-server.ts";
import { ChainPort } from "../link/chain-port.ts";
import type { FrameBytes } from "../link/frame-bytes.ts";
import { HopRunner } from "../link/hop-runner.ts";
import type { Message } from "../wire/messages.ts";
import type { GoldenParts } from "./golden-parts.ts";
import type { SessionFigures } from "./session-figures.ts";
import { Pace } from "./pace.ts";
import { tellOfDisks } from "./tell-of-disks.ts";
import { welcomeMessage } from "./welcome-message.ts";
import { whyNotLetIn } from "./why-not-let-in.ts";
import { releaseNodes } from "./release-nodes.ts";
import { RemoteCommands } from "./remote-commands.ts";

const tickMs = 100;

/**
 * A golden node at work: lets nodes in, and does what the coordinator decides.
 *
 * Invariant: `#connections` has a connection for just those numbers that the coordinator counts among the living.
 */
export class GoldenSession implements Disposable {
  readonly #parts: GoldenParts;
  readonly #runner: HopRunner;
  readonly #control: ControlServer;
  readonly #coordinator: Coordinator;
  readonly #connections = new Map<number, ControlConnection>();
  readonly #pace: Pace;
  readonly #timers: NodeJS.Timeout[];
  #port: ChainPort | undefined;
  #startedAtMs = 0;
  #completeAtMs = 0;
  #isDisposed = false;
  readonly #commands: RemoteCommands;
  /** @throws {ObjectMissingError} @throws {ObjectDamagedError} If the store cannot give what is to be sent. */
  readonly ended: Promise<void>;
  readonly #ended = Promise.withResolvers<void>();

  /** Begins to serve: nodes may join once it resolves. */
  static async serve(parts: GoldenParts): Promise<GoldenSession> {
    const session = new GoldenSession(parts);
    session.#port = await ChainPort.listen(parts.where, {
      link: (socket) => session.#runner.welcome(socket),
      control: (socket) => session.#control.welcome(socket),
    });
    return session;
  }

  private constructor(parts: GoldenParts) {
    this.#parts = parts;
    this.#pace = new Pace(parts.rateBytesPerSecond);
    const { state, settings, frames } = parts;
    this.#commands = new RemoteCommands(state);
    this.ended = this.#ended.promise;
    this.#control = new ControlServer(state.session, state.token, (guest) => this.#welcome(guest));
    const { bound, isGrowing } = frames.planned;
    const hop = new Hop(bound, [], undefined, isGrowing ? [{ start: 0, end: bound }] : []);
    const rebuild = (frame: number): Promise<FrameBytes | undefined> => this.#read(frame);
    this.#runner = new HopRunner({ hop, rebuild, onReceived: () => undefined, onTrouble: () => undefined }, 0);
    this.grew();
    const former = {
      started: state.started,
      firstEpoch: state.firstEpoch,
      nodes: state.nodes,
      isOver: state.figures !== undefined,
    };
    this.#coordinator = new Coordinator(settings, performance.now(), former);
    if (state.started) this.#startedAtMs = performance.now();
    this.#timers = [
      setInterval(() => this.#decide({ kind: "tick" }), tickMs),
      setInterval(() => {
        for (const connection of this.#connections.values()) connection.send({ kind: "ping" });
      }, times.pingMs),
    ];
  }

  get port(): number {
    return this.#port?.port ?? 0;
  }
  get hasStarted(): boolean {
    return this.#coordinator.hasStarted;
  }

  /** All who ever joined. */
  get nodes(): readonly NodeRecord[] {
    return this.#coordinator.nodes;
  }

  /** Starts with whoever waits. */
  readonly go = (): void => this.#decide({ kind: "go" });

  figures(): SessionFigures {
    const former = this.#parts.state.figures;
    if (former !== undefined) return former;
    const { bytes, pieces, lastAtMs } = this.#runner.sent;
    return {
      sentBytes: bytes,
      packets: pieces,
      transferMs: Math.max(0, lastAtMs - this.#startedAtMs),
      emptiedMs: Math.max(0, this.#completeAtMs - lastAtMs),
    };
  }

  /** Further frames are there to be served. */
  grew(): void {
    this.#runner.tell({ kind: "exist", ranges: this.#parts.frames.existing });
  }

  /** Has a node run a command, if it was started so that it does. Its output is in its log. @returns Undefined for a node that is not there. */
  exec(name: string, words: readonly string[]): Promise<number> | undefined {
    const node = this.nodes.findLast((each) => each.name === name);
    const connection = node && this.#connections.get(node.number);
    return connection && this.#commands.run(node.number, words, connection);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#runner[Symbol.dispose]();
    this.#control[Symbol.dispose]();
    this.#port?.[Symbol.dispose]();
  }

  /** What the store cannot give ends the session: nobody else has it for those who lack it. */
  async #read(frame: number): Promise<FrameBytes | undefined> {
    try {
      const bytes = await this.#parts.frames.read(frame);
      await this.#pace.turn(bytes.bytes.length);
      return bytes;
    } catch (error) {
      this.#ended.reject(error);
      return undefined;
    }
  }

  #welcome(guest: Guest): void {
    const { hello, host, connection } = guest;
    const { state, frames } = this.#parts;
    const { isGrowing } = frames.planned;
    const refusal = whyNotLetIn(hello, host, { chain: this.#coordinator, only: this.#parts.only, isGrowing });
    if (refusal !== undefined) {
      connection.send(refusal);
      return;
    }
    // From version 2 on, who has no port only wants to hear what would be done.
    const isLooking = hello.port === 0;
    const number = isLooking ? 0 : state.nextNumber();
    if (!isLooking) this.#connections.set(number, connection);
    guest.receive(
      (message) => (isLooking ? undefined : this.#hear(number, hello.name, message)),
      () => {
        if (isLooking) return;
        this.#connections.delete(number);
        this.#commands.lost(number);
        this.#decide({ kind: "left", number });
      },
    );
    connection.send(welcomeMessage(this.#parts, { version: hello.version, number }, connection));
    if (this.#coordinator.isOver) connection.send({ kind: "end" });
    if (isLooking) {
      void tellOfDisks(connection, this.#parts.disk);
      return;
    }
    // A node that died and comes back may not know the number it had.
    const former = this.nodes.findLast(({ name, state: is }) => name === hello.name && is !== "replaced")?.number ?? 0;
    const rejoins = hello.rejoins === 0 ? former : hello.rejoins;
    this.#decide({ kind: "joined", number, name: hello.name, host, port: hello.port, rejoins });
  }

  #hear(number: number, name: string, message: Message): void {
    switch (message.kind) {
      case "report": {
        const held = (["no", "successor", "writing"] as const)[message.held] ?? "no";
        const lacking = this.#parts.frames.lackingOf(message);
        if (lacking === 0) this.#noteComplete(number);
        this.#decide({ kind: "reported", number, report: { ...message, lacking, held } });
        break;
      }
      case "lost-link":
        this.#decide({ kind: "lost-link", number, epoch: message.epoch });
        break;
      case "blame":
        this.#decide({ kind: "blamed", number, epoch: message.epoch });
        break;
      case "verdict": {
        const { kind, ...verdict } = message;
        this.#decide({ kind, number, verdict });
        break;
      }
      case "log":
        this.#parts.onLog(name, message.line);
        break;
      case "ran":
        this.#commands.ended(number, message.serial, message.exitStatus);
        this.#parts.onLog(name, `command ${message.serial} ended with status ${message.exitStatus}`);
        break;
      default:
        this.#connections.get(number)?.close();
    }
  }

  #noteComplete(number: number): void {
    const before = this.nodes.find((node) => node.number === number)?.report;
    if (before !== undefined && before.lacking > 0) this.#completeAtMs = performance.now();
  }

  #decide(event: CoordinatorEvent): void {
    // Connections that end with it are no nodes lost.
    if (this.#isDisposed) return;
    const hadStarted = this.#coordinator.hasStarted;
    const commands = this.#coordinator.handle(event, performance.now());
    const isNews = commands.some(({ kind }) => kind === "note");
    if (isNews) {
      if (!hadStarted && this.#coordinator.hasStarted) this.#startedAtMs = performance.now();
      const nodes = this.nodes.filter(({ state }) => state !== "replaced");
      this.#parts.state.note(
        this.#coordinator.hasStarted,
        nodes.map(({ number, name, host, verdict }) => ({ number, name, host, ...(verdict && { verdict }) })),
      );
    }
    for (const command of commands) this.#act(command, hadStarted);
  }

  /** Tickets of links that were told to one end; the other is told next. */
  readonly #tickets = new Map<number, Buffer>();

  #act(command: CoordinatorCommand, hadStarted: boolean): void {
    switch (command.kind) {
      case "accept": {
        const { epoch, successor, aside } = command;
        const ticket = randomBytes(32);
        this.#tickets.set(epoch, ticket);
        if (command.to === 0) this.#runner.accept({ epoch, successor, aside, ticket });
        else this.#connections.get(command.to)?.send({ kind: "accept", epoch, successor, aside, ticket });
        break;
      }
      case "link": {
        const { epoch, predecessor } = command;
        const node = this.nodes.find(({ number }) => number === predecessor);
        const ticket = this.#tickets.get(epoch) ?? Buffer.alloc(32);
        this.#tickets.delete(epoch);
        const [host, port] = node === undefined ? ["", this.port] : [node.host, node.port];
        this.#connections.get(command.to)?.send({ kind: "link", epoch, predecessor, host, port, ticket });
        break;
      }
      case "alone":
        if (command.to === 0) this.#runner.alone();
        else this.#connections.get(command.to)?.send({ kind: "alone" });
        break;
      case "disconnect": {
        const connection = this.#connections.get(command.number);
        this.#connections.delete(command.number);
        connection?.close();
        break;
      }
      case "note":
        this.#settle(command.note, hadStarted);
        this.#parts.onNote(command.note);
        break;
      default:
        void releaseNodes(
          this.#connections,
          this.#coordinator.chain.map(({ number }) => number),
          this.#parts.releaseDelayMs,
          this.#parts.settings.giveUpMs,
        ).then(() => {
          this.#parts.state.end(this.figures());
          this.#ended.resolve();
        });
    }
  }

  /** Tells each node what to make of its copy, once its place is known: who joins as the last of those that were waited for has none yet. */
  #settle(note: SessionNote, hadStarted: boolean): void {
    const isDue = note.kind === "added" || (hadStarted && (note.kind === "joined" || note.kind === "came-back"));
    const node = isDue ? this.nodes.find(({ number }) => number === note.number) : undefined;
    if (node === undefined) return;
    const settlement = this.#parts.settle(node, this.#parts.state.positionOf(node.name));
    this.#connections.get(node.number)?.send({ kind: "settle", ...settlement });
  }
}

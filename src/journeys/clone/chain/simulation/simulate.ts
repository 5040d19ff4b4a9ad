import { Coordinator, type FormerSession } from "../coordinator.ts";
import type { CoordinatorCommand, CoordinatorEvent, SessionNote } from "../coordinator-events.ts";
import { FrameSet } from "../frame-set.ts";
import type { HopCommand } from "../hop-events.ts";
import { times } from "../times.ts";
import { Agenda } from "./agenda.ts";
import { blocksOf, partNumbers, type Growth } from "./growth.ts";
import { SimulatedHop } from "./simulated-hop.ts";
import type { Speeds } from "./speeds.ts";

/** Something that is done to a node (by its place, 0 the first) or, at place -1, to the golden node. */
export interface Mishap {
  readonly atMs: number;
  readonly place: number;
  readonly what: "kill" | "freeze" | "cut" | "return";
}

/** What is simulated. */
export interface Scenario {
  readonly nodes: number;
  readonly frames: number;
  readonly frameBytes: number;
  readonly speeds: Speeds;
  /** Where a node is not like the others. */
  readonly speedsOf?: (place: number) => Partial<Speeds>;
  readonly mishaps: readonly Mishap[];
  /** When further nodes come. */
  readonly lateAtMs: readonly number[];
  /** Places of nodes that spoil every n-th frame. */
  readonly spoilers?: ReadonlyMap<number, number>;
  /** Places of nodes whose files nobody can read once they are whole. */
  readonly closers?: readonly number[];
  /** They are not there from the first; their number is that of `frames`. */
  readonly growing?: Growth;
  readonly slowAfterMs?: number;
  readonly untilMs: number;
}

/** What came of it. */
export interface Outcome {
  readonly endedAtMs: number | undefined;
  /** When the last node had everything. */
  readonly completeAtMs: number;
  readonly hops: readonly SimulatedHop[];
  readonly notes: readonly SessionNote[];
  readonly mostRingBytes: number;
  /** Frames that the golden node sent. */
  readonly sentFrames: number;
}

/** Runs a session in virtual time: the deciders are those of real ones, the rest is arithmetic. */
export function simulate(scenario: Scenario): Outcome {
  return new Simulation(scenario).run();
}

class Simulation {
  readonly #scenario: Scenario;
  readonly #agenda = new Agenda();
  readonly #golden: SimulatedHop;
  readonly #nodes: SimulatedHop[] = [];
  readonly #byNumber = new Map<number, SimulatedHop>();
  readonly #notes: SessionNote[] = [];
  #coordinator: Coordinator;
  /** Under which number a node gave its verdict. */
  readonly #judged = new Map<SimulatedHop, number>();
  #epochs = 1;
  #number = 0;
  #endedAtMs: number | undefined;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#coordinator = this.#coordinate();
    this.#golden = this.#makeHop(0, "golden", new FrameSet(), {});
    this.#byNumber.set(0, this.#golden);
    const { growing } = scenario;
    for (let part = 0; part < (growing?.parts ?? 0); part++) this.#grow(part, growing as Growth);
  }

  #grow(part: number, growing: Growth): void {
    const ranges = [{ start: part, end: part + 1 }, blocksOf(growing, part)];
    this.#agenda.at(part * growing.everyMs, () => this.#golden.handle({ kind: "exist", ranges }));
  }

  run(): Outcome {
    const { nodes, mishaps, lateAtMs, untilMs } = this.#scenario;
    for (let place = 0; place < nodes; place++) this.#add(place, place * 0.01);
    for (const [at, ms] of lateAtMs.entries()) this.#add(nodes + at, ms);
    for (const mishap of mishaps) this.#agenda.at(mishap.atMs, () => this.#happen(mishap));
    this.#tickGolden();
    while (this.#endedAtMs === undefined && this.#agenda.nowMs < untilMs && this.#agenda.step());
    return {
      endedAtMs: this.#endedAtMs,
      completeAtMs: Math.max(...this.#nodes.map(({ completeAtMs }) => completeAtMs ?? 0)),
      hops: this.#nodes,
      notes: this.#notes,
      mostRingBytes: Math.max(...this.#nodes.map(({ mostRingBytes }) => mostRingBytes)),
      sentFrames: this.#golden.handed,
    };
  }

  #coordinate(former?: FormerSession): Coordinator {
    const { nodes, slowAfterMs = 10_000 } = this.#scenario;
    const settings = { nodes, minNodes: 1, maxWaitMs: 2000, slowAfterMs, giveUpMs: 15_000, order: [] };
    return new Coordinator(settings, this.#agenda.nowMs, former);
  }

  #makeHop(number: number, name: string, lacking: FrameSet, speeds: Partial<Speeds>): SimulatedHop {
    const { frames, frameBytes, growing } = this.#scenario;
    return new SimulatedHop(
      number,
      name,
      frames,
      lacking,
      { ...this.#scenario.speeds, ...speeds },
      {
        agenda: this.#agenda,
        frameBytes,
        growing,
        hopOf: (other) => this.#byNumber.get(other),
        toGolden: (from, command) => this.#toGolden(from, command),
      },
    );
  }

  #add(place: number, atMs: number): void {
    const name = `node${String(place).padStart(4, "0")}`;
    const { growing, frames } = this.#scenario;
    const all = new FrameSet([growing ? partNumbers(growing) : { start: 0, end: frames }]);
    const node = this.#makeHop(-1, name, all, this.#scenario.speedsOf?.(place) ?? {});
    node.spoilsEach = this.#scenario.spoilers?.get(place) ?? 0;
    node.closesFiles = this.#scenario.closers?.includes(place) ?? false;
    this.#nodes[place] = node;
    this.#agenda.at(atMs, () => this.#join(node));
    this.#agenda.at(atMs + times.reportMs, () => this.#tick(node));
  }

  /** A node asks to be let in, and again until it is. */
  #join(node: SimulatedHop): void {
    if (node.state !== "up") return;
    if (this.#golden.state !== "up") {
      this.#agenda.after(1000, () => this.#join(node));
      return;
    }
    const rejoins = Math.max(0, node.number);
    this.#byNumber.delete(node.number);
    node.number = ++this.#number;
    this.#byNumber.set(node.number, node);
    const { number, name } = node;
    this.#decide({ kind: "joined", number, name, host: name, port: 1, rejoins });
  }

  #tick(node: SimulatedHop): void {
    if (node.state === "killed") return;
    node.handle({ kind: "tick" });
    const { number, hop, files } = node;
    const isReached = node.state === "up" && this.#byNumber.get(number) === node;
    const isDone = files.size === this.#scenario.frames;
    if (isReached) this.#decide({ kind: "reported", number, report: hop.report(this.#agenda.nowMs) });
    if (isReached && isDone && this.#golden.state === "up" && this.#judged.get(node) !== number) {
      this.#judged.set(node, number);
      const verdict = { ok: true, digest: "", verifiedBytes: 0, retries: 0, reason: "" };
      this.#decide({ kind: "verdict", number, verdict });
    }
    this.#agenda.after(times.reportMs, () => this.#tick(node));
  }

  #tickGolden(): void {
    this.#golden.handle({ kind: "tick" });
    this.#decide({ kind: "tick" });
    this.#agenda.after(times.reportMs, () => this.#tickGolden());
  }

  #toGolden(from: SimulatedHop, command: HopCommand): void {
    if (command.kind !== "lost-link" && command.kind !== "blame") return;
    const kind = command.kind === "blame" ? "blamed" : "lost-link";
    if (from.state === "up") this.#decide({ kind, number: from.number, epoch: command.epoch });
  }

  /** Lets the coordinator decide, a moment later as over a network. */
  #decide(event: CoordinatorEvent): void {
    this.#agenda.after(this.#scenario.speeds.latencyMs, () => {
      if (this.#golden.state !== "up") return;
      for (const command of this.#coordinator.handle(event, this.#agenda.nowMs)) this.#act(command);
    });
  }

  #act(command: CoordinatorCommand): void {
    const tell = (number: number, act: (node: SimulatedHop) => void): void =>
      this.#agenda.after(this.#scenario.speeds.latencyMs, () => {
        const node = this.#byNumber.get(number);
        if (node?.state === "up") act(node);
      });
    switch (command.kind) {
      case "accept":
        this.#epochs = command.epoch + 1;
        tell(command.to, (node) => node.accept(command.epoch, command.aside));
        break;
      case "link":
        tell(command.to, (node) => {
          node.predecessor = command.predecessor;
          node.handle({ kind: "linked", epoch: command.epoch });
        });
        break;
      case "alone":
        tell(command.to, (node) => node.alone());
        break;
      case "disconnect":
        tell(command.number, (node) => this.#join(node));
        break;
      case "note":
        this.#notes.push(command.note);
        break;
      default:
        this.#endedAtMs = this.#agenda.nowMs;
    }
  }

  #happen({ place, what }: Mishap): void {
    const node = place < 0 ? this.#golden : this.#nodes[place];
    if (node === undefined || node.state === "killed") return;
    if (what === "return") {
      node.disconnect(true);
      node.state = "up";
      if (place >= 0) this.#join(node);
      else {
        const { hasStarted, nodes } = this.#coordinator;
        this.#coordinator = this.#coordinate({
          started: hasStarted,
          firstEpoch: this.#epochs,
          nodes: nodes
            .filter(({ state }) => state !== "replaced")
            .map(({ number, name, host, verdict }) => ({ number, name, host, ...(verdict && { verdict }) })),
          isOver: false,
        });
        for (const other of this.#nodes) this.#join(other);
      }
      return;
    }
    if (what === "kill" && place >= 0) {
      node.disconnect(true);
      node.state = "killed";
      this.#decide({ kind: "left", number: node.number });
      return;
    }
    // A golden node that is gone and comes back: its connections end, seen by all.
    if (place < 0) node.disconnect(true);
    node.state = what === "freeze" ? "frozen" : "cut";
  }
}

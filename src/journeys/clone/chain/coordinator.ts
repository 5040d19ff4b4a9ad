import type { CoordinatorCommand, CoordinatorEvent, NodeVerdict, SessionNote } from "./coordinator-events.ts";
import { chainOrder, newNode, type NodeRecord } from "./roster.ts";
import type { SessionSettings } from "./session-settings.ts";
import { SlowNodes } from "./slow-nodes.ts";
import { times } from "./times.ts";

/** What a golden node that comes back knows of its session. */
export interface FormerSession {
  readonly started: boolean;
  /** Above all epochs that were given. */
  readonly firstEpoch: number;
  readonly nodes: readonly RememberedNode[];
  /** All nodes were let go: nobody comes back. */
  readonly isOver: boolean;
}

/** A node as it is remembered over the loss of the golden node. */
export interface RememberedNode {
  readonly number: number;
  readonly name: string;
  readonly host: string;
  readonly verdict?: NodeVerdict;
}

/** How a node is called in notes when it is the golden node itself. */
const goldenName = "golden";

/**
 * Decides the order of a chain, who is lost, and when a session starts and ends: no sockets, no clock.
 *
 * Invariants: `#chain` holds the living nodes in order; each has been told its predecessor, and each hop its successor, as of
 * the last event; a number that left the chain never comes back.
 */
export class Coordinator {
  readonly #settings: SessionSettings;
  readonly #slow: SlowNodes;
  readonly #nodes = new Map<number, NodeRecord>();
  #chain: NodeRecord[] = [];
  /** Who follows each hop, as it was told; 0 for nobody. */
  readonly #successors = new Map<number, number>();
  readonly #beganAtMs: number;
  #started: boolean;
  #ended = false;
  /** Since when nobody is waited for. */
  #overSinceMs: number | undefined;
  #epoch: number;
  #commands: CoordinatorCommand[] = [];

  /** @param former What is known of the session where the golden node was lost before and comes back. */
  constructor(settings: SessionSettings, nowMs: number, former?: FormerSession) {
    this.#settings = settings;
    this.#slow = new SlowNodes(settings.slowAfterMs);
    this.#beganAtMs = nowMs;
    this.#started = former?.started ?? false;
    this.#epoch = former?.firstEpoch ?? 1;
    if (former?.isOver === true) this.#overSinceMs = -Infinity;
    for (const { verdict, ...who } of former?.nodes ?? []) {
      const node = newNode({ ...who, port: 0 }, nowMs, true);
      node.verdict = verdict;
      node.state = verdict === undefined ? "lost" : verdict.ok ? "verified" : "failed";
      node.lostAtMs = former?.isOver === true ? nowMs - settings.giveUpMs : nowMs;
      this.#nodes.set(who.number, node);
    }
  }

  /** Nodes are let go: nothing is decided any more. */
  get isOver(): boolean {
    return this.#ended;
  }

  get hasStarted(): boolean {
    return this.#started;
  }

  /** All who ever joined, in the order they did. */
  get nodes(): readonly NodeRecord[] {
    return [...this.#nodes.values()];
  }

  /** The living, in the order of the chain. */
  get chain(): readonly NodeRecord[] {
    return this.#chain;
  }

  handle(event: CoordinatorEvent, nowMs: number): CoordinatorCommand[] {
    this.#commands = [];
    if (this.#ended) return this.#commands;
    switch (event.kind) {
      case "joined":
        this.#join(event, nowMs);
        break;
      case "go":
        this.#start();
        break;
      case "tick":
        this.#tick(nowMs);
        break;
      default: {
        const node = this.#nodes.get(event.number);
        if (node && isAlive(node)) this.#hear(event, node, nowMs);
      }
    }
    if (this.#started) this.#relink();
    return this.#commands;
  }

  #hear(event: NodeEvent, node: NodeRecord, nowMs: number): void {
    if (event.kind !== "left") node.heardAtMs = nowMs;
    switch (event.kind) {
      case "reported":
        if (event.report.epoch === node.epoch && event.report.complete > (node.report?.complete ?? 0))
          node.lostLinks = 0;
        node.report = event.report;
        if (event.report.held === "no") node.heldSinceMs = undefined;
        else node.heldSinceMs ??= nowMs;
        break;
      case "left":
        this.#lose(node, nowMs);
        break;
      case "lost-link":
        if (event.epoch === node.epoch) this.#judgeLink(node, nowMs);
        break;
      case "blamed":
        if (event.epoch === node.epoch) this.#demote(this.#nodes.get(node.predecessor), "accused");
        break;
      case "verdict":
        node.verdict = event.verdict;
        node.state = event.verdict.ok ? "verified" : "failed";
        this.#note({ kind: "verdict", name: node.name, number: node.number, verdict: event.verdict });
        if (!event.verdict.ok) this.#takeOut(node);
        break;
      default:
        event satisfies never;
    }
  }

  #join(event: Extract<CoordinatorEvent, { readonly kind: "joined" }>, nowMs: number): void {
    const before = this.#nodes.get(event.rejoins);
    const isBack = before !== undefined && before.name === event.name;
    if (isBack) {
      if (isAlive(before)) this.#takeOut(before);
      before.state = "replaced";
    }
    const { number, name, host, port } = event;
    const node = newNode({ number, name, host, port }, nowMs, this.#started);
    this.#nodes.set(number, node);
    const firstDemoted = this.#chain.findIndex(({ demoted }) => demoted);
    this.#chain.splice(firstDemoted < 0 ? this.#chain.length : firstDemoted, 0, node);
    this.#note({ kind: isBack ? "came-back" : "joined", name, number });
    if (!this.#started && this.#settings.nodes !== undefined && this.#chain.length >= this.#settings.nodes)
      this.#start();
  }

  #start(): void {
    if (this.#started || this.#chain.length === 0) return;
    this.#started = true;
    this.#chain = chainOrder(this.#chain, this.#settings.order);
    for (const [at, node] of this.#chain.entries()) {
      node.state = "running";
      const { name, number } = node;
      this.#note({ kind: "added", name, number, daddy: this.#chain[at - 1]?.name ?? goldenName });
    }
    this.#note({ kind: "started", nodes: this.#chain.length });
  }

  #tick(nowMs: number): void {
    for (const node of this.#chain) if (nowMs - node.heardAtMs > times.nodeLostMs) this.#lose(node, nowMs);
    if (this.#started) {
      const slow = this.#slow.find(this.#chain, nowMs);
      if (slow) this.#demote(slow, "set-aside");
      this.#overSinceMs = this.#isOver(nowMs) ? (this.#overSinceMs ?? nowMs) : undefined;
      if (this.#overSinceMs !== undefined && nowMs - this.#overSinceMs >= (this.#settings.lingerMs ?? 0)) {
        this.#ended = true;
        this.#commands.push({ kind: "end" });
      }
      return;
    }
    const { maxWaitMs, minNodes } = this.#settings;
    if (maxWaitMs !== undefined && nowMs - this.#beganAtMs >= maxWaitMs && this.#chain.length >= minNodes)
      this.#start();
  }

  /** Everyone who joined has a verdict, or has been lost for long enough. */
  #isOver(nowMs: number): boolean {
    const nodes = this.nodes.filter(({ state }) => state !== "replaced");
    // Who was verified when the golden node was lost comes back to hear of the end.
    const isSettled = ({ state, lostAtMs }: NodeRecord): boolean =>
      state === "failed" ||
      (state === "verified" && lostAtMs === undefined) ||
      ((state === "lost" || state === "verified") && nowMs - (lostAtMs ?? nowMs) >= this.#settings.giveUpMs);
    return nodes.length > 0 && nodes.every(isSettled);
  }

  #lose(node: NodeRecord, nowMs: number): void {
    this.#takeOut(node);
    if (node.state === "verified") return;
    node.state = "lost";
    node.lostAtMs = nowMs;
    this.#note({ kind: "lost", name: node.name, number: node.number });
  }

  #takeOut(node: NodeRecord): void {
    this.#chain = this.#chain.filter((other) => other !== node);
    this.#successors.delete(node.number);
    this.#commands.push({ kind: "disconnect", number: node.number });
  }

  /** A node has lost the link to its predecessor: is that one dead, in the way, or is it the node itself? */
  #judgeLink(node: NodeRecord, nowMs: number): void {
    const predecessor = this.#nodes.get(node.predecessor);
    if (predecessor === undefined || !isAlive(predecessor)) return;
    if (nowMs - predecessor.heardAtMs > times.unheardMs) {
      this.#lose(predecessor, nowMs);
      return;
    }
    node.lostLinks += 1;
    // The first time it tries the same link again by itself; whoever cannot reach two others has the fault.
    if (node.lostLinks >= 4) this.#demote(node, "set-aside");
    else if (node.lostLinks % 2 === 0) this.#demote(predecessor, "set-aside");
  }

  #demote(node: NodeRecord | undefined, why: "set-aside" | "accused"): void {
    if (node === undefined || !isAlive(node)) return;
    this.#chain = [...this.#chain.filter((other) => other !== node), node];
    node.aside = true;
    node.demoted = true;
    // Also where its neighbour stays the same, that one must learn that it is fed aside.
    node.predecessor = -1;
    this.#note({ kind: why, name: node.name, number: node.number });
  }

  /** Tells every hop its neighbours where they are others than it was told. */
  #relink(): void {
    for (const [at, node] of this.#chain.entries()) {
      const predecessor = this.#chain[at - 1]?.number ?? 0;
      const isTold = node.predecessor === predecessor && this.#successors.get(predecessor) === node.number;
      if (isTold) continue;
      node.predecessor = predecessor;
      node.epoch = this.#epoch++;
      this.#successors.set(predecessor, node.number);
      const { epoch, aside, number } = node;
      this.#commands.push({ kind: "accept", to: predecessor, epoch, successor: number, aside });
      this.#commands.push({ kind: "link", to: number, epoch, predecessor });
    }
    const tail = this.#chain.at(-1)?.number ?? 0;
    // Also who was never told: it may have had a successor under its number of before.
    if (this.#successors.get(tail) === 0) return;
    this.#successors.set(tail, 0);
    this.#commands.push({ kind: "alone", to: tail });
  }

  #note(note: SessionNote): void {
    this.#commands.push({ kind: "note", note });
  }
}

type NodeEvent = Exclude<CoordinatorEvent, { readonly kind: "joined" | "go" | "tick" }>;

function isAlive({ state }: NodeRecord): boolean {
  return state === "waiting" || state === "running" || state === "verified";
}

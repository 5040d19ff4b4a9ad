import { existsSync, rmSync } from "node:fs";
import { crashPoint } from "../../core/crash-points.ts";
import { parseImageOperand } from "../../core/operand.ts";
import type { SessionNote } from "../../journeys/clone/chain/coordinator-events.ts";
import type { NodeRecord } from "../../journeys/clone/chain/roster.ts";
import type { SessionSettings } from "../../journeys/clone/chain/session-settings.ts";
import { answerQueries } from "../../journeys/clone/discovery/answer-queries.ts";
import type { GoldenPlace } from "../../journeys/clone/discovery/messages.ts";
import { SessionExistsError } from "../../journeys/clone/errors.ts";
import { GoldenFrames } from "../../journeys/clone/golden/golden-frames.ts";
import type { Settlement } from "../../journeys/clone/golden/golden-parts.ts";
import type { SessionFigures } from "../../journeys/clone/golden/session-figures.ts";
import { GoldenSession } from "../../journeys/clone/golden/golden-session.ts";
import { hostnameOf, type HostnameRule } from "../../journeys/clone/golden/hostnames.ts";
import { planFrames } from "../../journeys/clone/golden/plan-frames.ts";
import { SessionState } from "../../journeys/clone/golden/session-state.ts";
import { defaultPort } from "../../journeys/clone/link/chain-port.ts";
import { FrameKeys } from "../../journeys/clone/wire/frame-seal.ts";
import { formatToken } from "../../journeys/clone/wire/token.ts";
import type { IdentityPolicy } from "../../system/prepare/operation.ts";
import { storeOf } from "../images/images.ts";
import { choosePaths } from "../settings/settings.ts";
import { openStore, type StoreOptions } from "../store/store.ts";
import { orderDisks, type CloneDisks } from "./disk/disk-order.ts";

/** How to serve an image to a chain. Everything but the session's name has a default. */
export interface CloneServeOptions extends StoreOptions {
  readonly session: string;
  readonly settings?: Partial<SessionSettings>;
  /** TCP port; 0: any that is free. */
  readonly port?: number;
  /** The address to serve at; by default all. */
  readonly host?: string;
  /** Answers nodes of the local net that ask where the session is. Needs `host`, which is what they are told. */
  readonly discovery?: boolean;
  readonly rateBytesPerSecond?: number | (() => number | undefined);
  /** Names of the only nodes that may join. */
  readonly only?: readonly string[];
  /** What nodes make of their copies; by default nothing. */
  readonly prepare?: ClonePreparation;
  /** What nodes that clone to disks are told; by default to divide theirs as the golden system's are. */
  readonly disks?: CloneDisks;
  /** Between the nodes when they are let go, at the end. Default: 0. */
  readonly releaseDelayMs?: number;
  /** How long to serve on after every node has a verdict. */
  readonly lingerMs?: number;
  readonly onNote?: (note: SessionNote) => void;
  /** A line of a node's log. */
  readonly onLog?: (node: string, line: string) => void;
  readonly signal?: AbortSignal;
}

/** What nodes make of their copies once these are verified. */
export interface ClonePreparation {
  /** As {@link PrepareOptions.identity}. */
  readonly identity: IdentityPolicy;
  readonly hostnames: HostnameRule;
  /** For the initramfs. */
  readonly modules?: readonly string[];
}

/** A session that is being served. */
export interface ServedSession {
  /** What nodes need to join. */
  readonly token: string;
  readonly port: number;
  readonly image: string;
  /** It had been begun before, and goes on. */
  readonly resumed: boolean;
  /** Why nodes that are not told its address cannot find it; undefined where they can. */
  readonly whyHidden: string | undefined;
  hasStarted(): boolean;
  go(): void;
  nodes(): readonly NodeRecord[];
  /** Has a node run a command; resolves with its exit status. Undefined: it is not there. */
  exec(node: string, words: readonly string[]): Promise<number> | undefined;
  figures(): SessionFigures;
}

/** What came of a session. */
export interface CloneServeResult {
  readonly figures: SessionFigures;
  readonly nodes: readonly NodeRecord[];
  /** It was stopped before every node had a verdict; the same call goes on with it. */
  readonly stopped: boolean;
}

/** Where the state of a session lies. */
export function sessionDirectory(stateDirectory: string, session: string): string {
  return `${stateDirectory}/clone/${session}`;
}

/** The file that is there as long as a session is not over. */
export function sessionStatePath(stateDirectory: string, session: string): string {
  return `${sessionDirectory(stateDirectory, session)}/session`;
}

/**
 * Serves an image to the nodes that join, until each has a verdict or is given up. The loss of a node never ends it; when it is
 * itself lost, the same call goes on with the session.
 *
 * @param onServing Called once nodes can join.
 * @throws {ImageNotFoundError} @throws {SessionExistsError} If a session of that name serves another image.
 */
export async function cloneServe(
  image: string,
  options: CloneServeOptions,
  onServing: (session: ServedSession) => void = () => undefined,
): Promise<CloneServeResult> {
  const operand = parseImageOperand(image);
  const { stateDirectory } = options.paths ?? choosePaths();
  const statePath = sessionStatePath(stateDirectory, options.session);
  using store = await openStore(storeOf(operand, options));
  await using opened = await store.openImage(operand, `serve session ${options.session}`);
  const resumed = existsSync(statePath);
  const state = resumed
    ? SessionState.reopen(statePath)
    : SessionState.begin(statePath, options.session, opened.name.image);
  if (state.image !== opened.name.image) throw new SessionExistsError(options.session, state.image);
  const planned = await planFrames(store, opened.name.image, opened.manifest);
  const { sessionId, sessionKey, signingKey } = state;
  const rate = options.rateBytesPerSecond;
  const frames = new GoldenFrames(
    store,
    planned,
    new FrameKeys(sessionId, sessionKey),
    { key: signingKey, sessionId },
    state.runs,
  );
  const disks = ofFirstCall(() =>
    orderDisks(options.disks ?? {}, opened.manifest, store.chunks, options.prepare?.identity),
  );
  // What was said of them is refused here, not on each node.
  if (options.disks !== undefined) await disks();
  using session = await GoldenSession.serve({
    state,
    settings: { ...defaultSettings, ...options.settings },
    frames,
    only: options.only,
    settle: (node, position) => settlementOf(options.prepare, node, position),
    disk: disks,
    releaseDelayMs: options.releaseDelayMs ?? 0,
    rateBytesPerSecond: typeof rate === "function" ? rate : () => rate,
    where: { port: options.port ?? defaultPort, host: options.host },
    onNote: options.onNote ?? (() => undefined),
    onLog: options.onLog ?? (() => undefined),
  });
  const { host, discovery = false } = options;
  using found = discovery && host !== undefined ? await beFound(state, { host, port: session.port }) : undefined;
  onServing({
    token: formatToken(state.token),
    port: session.port,
    image: state.image,
    resumed,
    whyHidden: found === undefined ? "discovery is off" : found.whyNot,
    hasStarted: () => session.hasStarted,
    go: () => session.go(),
    nodes: () => session.nodes,
    exec: (node, words) => session.exec(node, words),
    figures: () => session.figures(),
  });
  const stopped = await endOf(session, options);
  crashPoint("clone.over");
  if (!stopped) rmSync(statePath, { force: true });
  return { figures: session.figures(), nodes: session.nodes, stopped };
}

function ofFirstCall<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  return () => (result ??= work());
}

function settlementOf(
  prepare: ClonePreparation | undefined,
  node: Pick<NodeRecord, "name" | "host">,
  position: number,
): Settlement {
  if (prepare === undefined) return { identity: "none", hostname: "", modules: "" };
  const { identity, hostnames, modules = [] } = prepare;
  return { identity, hostname: hostnameOf(hostnames, node, position) ?? "", modules: modules.join(" ") };
}

/** Answers those who ask for the session on the local net. A port that is not to be had hinders nobody who knows the address. */
async function beFound(state: SessionState, place: GoldenPlace): Promise<Disposable & { readonly whyNot?: string }> {
  try {
    return await answerQueries(state, place);
  } catch (error) {
    return { whyNot: (error as Error).message, [Symbol.dispose]: () => undefined };
  }
}

const defaultSettings: SessionSettings = {
  nodes: undefined,
  minNodes: 1,
  maxWaitMs: undefined,
  slowAfterMs: 10_000,
  giveUpMs: 15_000,
  order: [],
};

/** Waits for the end. @returns True if it was stopped before. */
async function endOf(session: GoldenSession, { signal, lingerMs = 0 }: CloneServeOptions): Promise<boolean> {
  const stopped = new Promise<boolean>((resolve) => {
    if (signal?.aborted) resolve(true);
    signal?.addEventListener("abort", () => resolve(true), { once: true });
  });
  const ended = session.ended.then(async () => {
    // Time for the last word to reach the nodes before their connections go.
    await new Promise((resolve) => void setTimeout(resolve, Math.max(100, lingerMs)));
    return false;
  });
  return await Promise.race([stopped, ended]);
}

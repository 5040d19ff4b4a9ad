import { rmSync } from "node:fs";
import { crashPoint } from "../../../core/crash-points.ts";
import type { ImageStore } from "../../../image/store/image-store.ts";
import type { NodeRecord } from "../../../journeys/clone/chain/roster.ts";
import type { SessionSettings } from "../../../journeys/clone/chain/session-settings.ts";
import { answerQueries } from "../../../journeys/clone/discovery/answer-queries.ts";
import type { GoldenPlace } from "../../../journeys/clone/discovery/messages.ts";
import { GoldenFrames } from "../../../journeys/clone/golden/golden-frames.ts";
import type { DiskOrder, Settlement } from "../../../journeys/clone/golden/golden-parts.ts";
import { GoldenSession } from "../../../journeys/clone/golden/golden-session.ts";
import { hostnameOf } from "../../../journeys/clone/golden/hostnames.ts";
import type { PlannedFrames } from "../../../journeys/clone/golden/plan-frames.ts";
import type { SessionState } from "../../../journeys/clone/golden/session-state.ts";
import { defaultPort } from "../../../journeys/clone/link/chain-port.ts";
import { FrameKeys } from "../../../journeys/clone/wire/frame-seal.ts";
import { formatToken } from "../../../journeys/clone/wire/token.ts";
import { choosePaths } from "../../settings/settings.ts";
import type { ClonePreparation, CloneServeOptions, CloneServeResult, ServedSession } from "./serve-options.ts";
import { orderDisks, type OrderedImage } from "./disk-order.ts";
import { sessionStatePath } from "./session-place.ts";

/** What a session serves. */
export interface SessionSource {
  readonly store: ImageStore;
  readonly state: SessionState;
  readonly planned: PlannedFrames;
  readonly resumed: boolean;
  /** What nodes get, as well as it is known at the time; resolves once anything is. */
  readonly ordered: () => Promise<OrderedImage>;
  /** Goes on while nodes are served; its failure is the session's, and it is told to stop where that fails. */
  readonly meanwhile?: (session: Pick<GoldenSession, "grew">, signal: AbortSignal) => Promise<void>;
}

/** Serves a session until it ends or is stopped. */
export async function runSession(
  { store, state, planned, resumed, ordered, meanwhile }: SessionSource,
  options: CloneServeOptions,
  onServing: (session: ServedSession) => void,
): Promise<CloneServeResult> {
  const { stateDirectory } = options.paths ?? choosePaths();
  const { sessionId, sessionKey, signingKey } = state;
  const rate = options.rateBytesPerSecond;
  const frames = new GoldenFrames(
    store,
    planned,
    new FrameKeys(sessionId, sessionKey),
    { key: signingKey, sessionId },
    state.runs,
  );
  const orderFor = onceForEach((image: OrderedImage) =>
    orderDisks(options.disks ?? {}, image, options.prepare?.identity),
  );
  const disks = async (): Promise<DiskOrder> => orderFor(await ordered());
  // What was said of them is refused here, not on each node; of a system only once something is known of it.
  if (options.disks !== undefined && meanwhile === undefined) await disks();
  using session = await GoldenSession.serve({
    state,
    settings: { ...defaultSettings, ...options.settings, lingerMs: options.lingerMs ?? 0 },
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
    image: () => (state.image === "" ? undefined : state.image),
    resumed,
    whyHidden: found === undefined ? "discovery is off" : found.whyNot,
    hasStarted: () => session.hasStarted,
    go: () => session.go(),
    nodes: () => session.nodes,
    exec: (node, words) => session.exec(node, words),
    figures: () => session.figures(),
  });
  const stopped = await besides(endOf(session, options), (signal) => meanwhile?.(session, signal));
  crashPoint("clone.over");
  if (!stopped) rmSync(sessionStatePath(stateDirectory, options.session), { force: true });
  return { figures: session.figures(), nodes: session.nodes, stopped };
}

/** Waits for `end` and for work besides it; when one of them fails, it is not left before the work has come to its end. */
async function besides<Result>(
  end: Promise<Result>,
  start: (signal: AbortSignal) => Promise<void> | undefined,
): Promise<Result> {
  const stop = new AbortController();
  const work = start(stop.signal);
  try {
    const [result] = await Promise.all([end, work]);
    return result;
  } finally {
    stop.abort();
    await work?.catch(() => undefined);
  }
}

function onceForEach<Key extends object, Result>(work: (key: Key) => Promise<Result>): (key: Key) => Promise<Result> {
  const results = new WeakMap<Key, Promise<Result>>();
  return (key) => {
    const result = results.get(key) ?? work(key);
    results.set(key, result);
    return result;
  };
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

const lastWordMs = 100;

/** Waits for the end. @returns True if it was stopped before. */
async function endOf(session: GoldenSession, { signal }: CloneServeOptions): Promise<boolean> {
  const stopped = new Promise<boolean>((resolve) => {
    if (signal?.aborted) resolve(true);
    signal?.addEventListener("abort", () => resolve(true), { once: true });
  });
  const ended = session.ended.then(async () => {
    // Time for the last word to reach the nodes before their connections go.
    await new Promise((resolve) => void setTimeout(resolve, lastWordMs));
    return false;
  });
  return await Promise.race([stopped, ended]);
}

import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { throwIfInterrupted } from "../../../core/errors.ts";
import type { OnProgress } from "../../../core/progress.ts";
import type { NodeVerdict } from "../../../journeys/clone/chain/coordinator-events.ts";
import { defaultPort } from "../../../journeys/clone/link/chain-port.ts";
import { NodeIndex } from "../../../journeys/clone/node/node-index.ts";
import { NodeSession } from "../../../journeys/clone/node/node-session.ts";
import { SessionRefusedError } from "../../../journeys/clone/errors.ts";
import type { SoughtGolden } from "../../../journeys/clone/node/seek.ts";
import { receiveImage, type ArrivingImage, type TakingTarget } from "../../../journeys/clone/node/receive-image.ts";
import { parseToken } from "../../../journeys/clone/wire/token.ts";
import type { RestoreLoss } from "../../../system/restore/write-tree.ts";
import { choosePaths, type Paths } from "../../settings/settings.ts";
import { runOnNode } from "./run-on-node.ts";
import type { SessionStay } from "./session-stay.ts";
import { CopyNotPreparedError } from "./settle-copy.ts";
import { openBeside, takeBeside, type BesideOptions } from "./store-beside.ts";

/** How to join a session, whatever the target is. */
export interface JoinSessionOptions {
  readonly session: string;
  /** As `clone serve` printed it. */
  readonly token: string;
  /** The golden node: a name or address. Undefined: it is asked for on the local net. */
  readonly from?: string;
  readonly port?: number;
  /** How this node is called in the session; by default its host name. */
  readonly name?: string;
  /** Where its own successor connects; by default the session's port if it is free. */
  readonly listenPort?: number;
  readonly listenHost?: string;
  /** Runs commands that the golden node has signed. Default: false. */
  readonly allowExec?: boolean;
  readonly onLine?: (line: string) => void;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
  readonly paths?: Paths;
  /** For what is needed on the way, and removed at the end; by default one of its own in the state directory. */
  readonly workDirectory?: string;
}

/** Where a node puts an image. */
export interface JoinTarget<Result> {
  /** What it holds of the image, and wants of it. */
  takes(image: string): TakingTarget;
  /** The plain bytes of a frame from what is in it. */
  fromFiles(frame: number): Promise<Buffer | undefined>;
  /** Takes the image in, which may be captured meanwhile, reads it back, and makes of it what the session asks for. */
  receive(session: NodeSession, arriving: ArrivingImage, index: NodeIndex): Promise<Result>;
  /** Told that all of that is done, before the golden node is. */
  received?(received: Received<Result>): Promise<void>;
}

/** What a node got of an image. */
export interface ReceivedFacts {
  readonly image: string;
  readonly bytes: number;
  /** Of the tree that was read back and found equal. */
  readonly digest: string;
  /** Frames that had to be asked for again. */
  readonly retries: number;
}

/** What a node got, and what its target says of it. */
export interface Received<Result> extends ReceivedFacts {
  readonly result: Result;
}

/** A tree that a node got, wherever it put it. */
export interface ReceivedTree extends ReceivedFacts {
  readonly resumed: boolean;
  readonly losses: readonly RestoreLoss[];
  readonly lossCount: number;
}

/** A join that is over. */
export interface EndedJoin {
  /** Of the command that was to be run at the end; 0 without one. */
  readonly thenStatus: number;
  readonly durationMs: number;
}

/**
 * Joins a session, puts its image into a target and passes it on; serves those behind until the golden node ends the session, and is in it
 * still when this returns: `stay` says for how long. Who is interrupted leaves without a verdict, as one that comes back.
 *
 * @throws {SessionRefusedError} @throws {InterruptedError} And what the target throws, once the golden node was told.
 * @throws {StoreNotFoundError} Before it joins.
 */
export async function joinSession<Result>(
  options: JoinSessionOptions & BesideOptions,
  target: JoinTarget<Result>,
  stay: SessionStay,
): Promise<Received<Result>> {
  const { signal } = options;
  using parts = new DisposableStack();
  const index = parts.use(new NodeIndex(`${makeWorkDirectory(options, parts)}/index.sqlite`));
  const beside = await openBeside(options, options.paths ?? choosePaths(), index, parts);
  const takes = (image: string): TakingTarget =>
    beside === undefined ? target.takes(image) : takeBeside(target.takes(image));
  const fromFiles = async (frame: number): Promise<Buffer | undefined> =>
    (await beside?.frame(frame)) ?? (await target.fromFiles(frame));
  const session = parts.use(
    await NodeSession.join({
      golden: soughtGolden(options),
      name: options.name ?? hostname(),
      where: { port: options.listenPort ?? 0, host: options.listenHost },
      index,
      isFresh: (image) => takes(image).isFresh,
      doneUpTo: (image) => takes(image).doneUpTo,
      isBeside: (frame) => beside?.has(frame) === true,
      fromFiles,
      onLine: options.onLine ?? (() => undefined),
      exec: options.allowExec === true ? runOnNode : undefined,
      signal,
    }),
  );
  using _leaving = leaveOn(signal, session);
  if (options.fromStore !== undefined) session.log(`taking what ${options.fromStore} has of the image`);
  let arriving: ArrivingImage | undefined;
  let received: Received<Result>;
  try {
    arriving = await receiveImage(session, index, fromFiles, takes(session.image));
    const result = await target.receive(session, arriving, index);
    received = { ...(await factsOf(arriving)), result };
    await target.received?.(received);
    const { digest, bytes: verifiedBytes, retries } = received;
    session.judge({ ok: true, digest, verifiedBytes, retries, reason: "" });
    await session.ended;
    throwIfInterrupted(signal, `session ${options.session}`);
  } catch (error) {
    throwIfInterrupted(signal, `session ${options.session}`);
    session.judge(await failureOf(error as Error, arriving));
    // The golden node is told before the connection goes.
    await new Promise((done) => void setTimeout(done, 200));
    throw error;
  }
  stay.keep(session, parts.move());
  return received;
}

/** What there is to say of an image, once all of it is here. */
export async function factsOf(arriving: ArrivingImage): Promise<ReceivedFacts> {
  const { image, manifest } = await arriving.whole;
  const { counts, tree } = manifest.tail;
  return { image, bytes: counts.bytes, digest: tree.digest, retries: arriving.chunks.retries };
}

/** The golden node that a join looks for. @throws {UsageError} If the token is none. */
export function soughtGolden({ session, token, from, port }: JoinSessionOptions): SoughtGolden {
  const place = from === undefined ? undefined : { host: from, port: port ?? defaultPort };
  return { session, token: parseToken(token), place };
}

/** Joins, and again whenever the golden node captures anew: what the target holds by then, it makes use of. */
export async function whileCapturedAnew<Result>(
  { onLine }: Pick<JoinSessionOptions, "onLine">,
  join: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    try {
      return await join();
    } catch (error) {
      if (!(error instanceof SessionRefusedError && error.reasonCode === "anew")) throw error;
      onLine?.("the golden node captures anew: going on with that");
    }
  }
}

function makeWorkDirectory(
  { paths = choosePaths(), workDirectory }: JoinSessionOptions,
  parts: DisposableStack,
): string {
  const work = workDirectory ?? `${paths.stateDirectory}/clone-nodes/${randomBytes(8).toString("hex")}`;
  const remove = (): void => rmSync(work, { recursive: true, force: true });
  // One that was killed has left its own.
  remove();
  mkdirSync(work, { recursive: true, mode: 0o700 });
  parts.defer(remove);
  return work;
}

/** Leaves at once when it is told to: whoever waits for something of the session waits no longer. */
function leaveOn(signal: AbortSignal | undefined, session: NodeSession): Disposable {
  const leave = (): void => session[Symbol.dispose]();
  signal?.addEventListener("abort", leave);
  if (signal?.aborted === true) leave();
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", leave) };
}

async function failureOf(error: Error, arriving: ArrivingImage | undefined): Promise<NodeVerdict> {
  const isVerified = error instanceof CopyNotPreparedError;
  const tail = isVerified ? (await arriving?.whole)?.manifest.tail : undefined;
  return {
    ok: false,
    digest: tail?.tree.digest ?? "",
    verifiedBytes: tail?.counts.bytes ?? 0,
    retries: arriving?.chunks.retries ?? 0,
    reason: error.message.slice(0, 500),
  };
}

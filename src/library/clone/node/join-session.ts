import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import type { OnProgress } from "../../../core/progress.ts";
import type { NodeVerdict } from "../../../journeys/clone/chain/coordinator-events.ts";
import { defaultPort } from "../../../journeys/clone/link/chain-port.ts";
import { NodeIndex } from "../../../journeys/clone/node/node-index.ts";
import { NodeSession } from "../../../journeys/clone/node/node-session.ts";
import { SessionRefusedError } from "../../../journeys/clone/errors.ts";
import { receiveImage, type ArrivingImage, type TakingTarget } from "../../../journeys/clone/node/receive-image.ts";
import { parseToken } from "../../../journeys/clone/wire/token.ts";
import type { RestoreLoss } from "../../../system/restore/write-tree.ts";
import { choosePaths, type Paths } from "../../settings/settings.ts";
import { runOnNode } from "./run-on-node.ts";
import { CopyNotPreparedError } from "./settle-copy.ts";

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
}

/** Where a node puts an image. */
export interface JoinTarget<Result> {
  /** What it holds of the image, and wants of it. */
  takes(image: string): TakingTarget;
  /** The plain bytes of a frame from what is in it. */
  fromFiles(frame: number): Promise<Buffer | undefined>;
  /** What to do once the golden node lets this node go. Resolves with the status of a command, 0 without one. */
  released?(log: (line: string) => void): Promise<number>;
  /** Takes the image in, which may be captured meanwhile, reads it back, and makes of it what the session asks for. */
  receive(session: NodeSession, arriving: ArrivingImage, index: NodeIndex): Promise<Result>;
}

/** What a node got. */
export interface Received<Result> {
  readonly image: string;
  readonly bytes: number;
  /** Of the tree that was read back and found equal. */
  readonly digest: string;
  /** Frames that had to be asked for again. */
  readonly retries: number;
  /** Of the command that was to be run at the end; 0 without one. */
  readonly thenStatus: number;
  readonly result: Result;
}

/** A tree that a node got, wherever it put it. */
export interface ReceivedTree extends Omit<Received<never>, "result"> {
  readonly resumed: boolean;
  readonly losses: readonly RestoreLoss[];
  readonly lossCount: number;
  readonly durationMs: number;
}

/**
 * Joins a session, puts its image into a target and passes it on; serves those behind until the golden node ends the session.
 *
 * @throws {SessionRefusedError} And what the target throws, once the golden node was told.
 */
export async function joinSession<Result>(
  options: JoinSessionOptions,
  target: JoinTarget<Result>,
): Promise<Received<Result>> {
  const { stateDirectory } = options.paths ?? choosePaths();
  const work = `${stateDirectory}/clone-nodes/${randomBytes(8).toString("hex")}`;
  mkdirSync(work, { recursive: true, mode: 0o700 });
  try {
    using index = new NodeIndex(`${work}/index.sqlite`);
    const fromFiles = (frame: number): Promise<Buffer | undefined> => target.fromFiles(frame);
    using session = await NodeSession.join({
      golden: {
        session: options.session,
        token: parseToken(options.token),
        place: options.from === undefined ? undefined : { host: options.from, port: options.port ?? defaultPort },
      },
      name: options.name ?? hostname(),
      where: { port: options.listenPort ?? 0, host: options.listenHost },
      index,
      isFresh: (image) => target.takes(image).isFresh,
      doneUpTo: (image) => target.takes(image).doneUpTo,
      fromFiles,
      onLine: options.onLine ?? (() => undefined),
      exec: options.allowExec === true ? runOnNode : undefined,
      signal: options.signal,
    });
    let arriving: ArrivingImage | undefined;
    try {
      arriving = await receiveImage(session, index, fromFiles, target.takes(session.image));
      const result = await target.receive(session, arriving, index);
      const { image, manifest } = await arriving.whole;
      const { counts, tree } = manifest.tail;
      const { retries } = arriving.chunks;
      session.judge({ ok: true, digest: tree.digest, verifiedBytes: counts.bytes, retries, reason: "" });
      await session.ended;
      const thenStatus = (await target.released?.((line) => session.log(line))) ?? 0;
      return { image, bytes: counts.bytes, digest: tree.digest, retries, thenStatus, result };
    } catch (error) {
      session.judge(await failureOf(error as Error, arriving));
      // The golden node is told before the connection goes.
      await new Promise((done) => void setTimeout(done, 200));
      throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
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

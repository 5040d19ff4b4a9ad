import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { crashPoint } from "../../core/crash-points.ts";
import type { OnProgress } from "../../core/progress.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import { linuxTreeReader } from "../../host/tree/linux-tree-reader.ts";
import type { NodeVerdict } from "../../journeys/clone/chain/coordinator-events.ts";
import { NodeIndex } from "../../journeys/clone/node/node-index.ts";
import { NodeSession } from "../../journeys/clone/node/node-session.ts";
import { receiveImage, type ComingImage } from "../../journeys/clone/node/receive-image.ts";
import { WrittenFiles } from "../../journeys/clone/node/written-files.ts";
import { defaultPort } from "../../journeys/clone/link/chain-port.ts";
import { parseToken } from "../../journeys/clone/wire/token.ts";
import { planRestore, type RestoreFacts, type RestorePlan } from "../../system/restore/plan.ts";
import { findUnfinished, newStagePath } from "../../system/restore/stage.ts";
import type { RestoreLoss } from "../../system/restore/write-tree.ts";
import { realPath } from "../settings/real-path.ts";
import { fillTree, type TreeArrival } from "./fill-tree.ts";
import { updateTree } from "./update-tree.ts";
import { lookAtTarget, tryLock } from "../restore/restore-ports.ts";
import { choosePaths, type Paths } from "../settings/settings.ts";
import { runOnNode } from "./run-on-node.ts";
import { CopyNotPreparedError, doThen, settleCopy, type CloneThen } from "./settle-copy.ts";
import { VerifiedMark } from "./verified-mark.ts";

/** How to join a session. */
export interface CloneJoinOptions {
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
  /** The directory holds an older clone, which is made equal to the image; only what it lacks is fetched. */
  readonly update?: boolean;
  /** What to do once the golden node lets this node go. Default: stay. */
  readonly afterwards?: CloneThen;
  /** Runs commands that the golden node has signed. Default: false. */
  readonly allowExec?: boolean;
  readonly onLine?: (line: string) => void;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
  readonly paths?: Paths;
}

/** What a node got. */
export interface CloneJoinResult {
  readonly image: string;
  readonly directory: string;
  readonly bytes: number;
  /** Of the tree that was read back and found equal. */
  readonly digest: string;
  /** Frames that had to be asked for again. */
  readonly retries: number;
  readonly resumed: boolean;
  /** Of the command that `afterwards` names; 0 without one. */
  readonly thenStatus: number;
  readonly losses: readonly RestoreLoss[];
  readonly lossCount: number;
  readonly durationMs: number;
}

/**
 * Joins a session and writes its image into a directory that is absent or empty (or holds an older clone: `update`), while it comes in
 * and is passed on; all of it is read back, and made a system of its own if the golden node says so. Serves those behind it until the
 * golden node ends the session. The same call after a failure or kill goes on.
 *
 * @throws {SessionRefusedError} @throws {TargetUnsuitableError} @throws {TargetDiffersError} @throws {CopyNotPreparedError}
 */
export async function cloneJoin(directory: string, options: CloneJoinOptions): Promise<CloneJoinResult> {
  const startedAtMs = Date.now();
  const target = realPath(resolve(directory));
  const paths = options.paths ?? choosePaths();
  const work = `${paths.stateDirectory}/clone-nodes/${randomBytes(8).toString("hex")}`;
  mkdirSync(work, { recursive: true, mode: 0o700 });
  try {
    using index = new NodeIndex(`${work}/index.sqlite`);
    const newStage = newStagePath(target);
    let files: WrittenFiles | undefined;
    const fromFiles = (frame: number): Buffer | undefined => files?.frame(frame);
    const doneUpTo = (image: string): TreePath | undefined =>
      findUnfinished(target, tryLock).find((each) => each.image === image && each.path === "")?.doneUpTo as
        | TreePath
        | undefined;
    using session = await NodeSession.join({
      golden: {
        session: options.session,
        token: parseToken(options.token),
        place: options.from === undefined ? undefined : { host: options.from, port: options.port ?? defaultPort },
      },
      name: options.name ?? hostname(),
      where: { port: options.listenPort ?? 0, host: options.listenHost },
      index,
      isFresh: (image) => options.update !== true && doneUpTo(image) === undefined,
      fromFiles,
      onLine: options.onLine ?? (() => undefined),
      exec: options.allowExec === true ? runOnNode : undefined,
      signal: options.signal,
    });
    let coming: ComingImage | undefined;
    try {
      coming = await receiveImage(session, index, fromFiles, () => doneUpTo(session.image));
      const isUpdate = options.update === true;
      const plan = planFor(lookAtTarget(target, newStage), session.image, coming, isUpdate);
      files = new WrittenFiles(linuxTreeReader(), index, plan.root);
      session.log(`${isUpdate ? "updating" : "writing"} ${target}`);
      const mark = new VerifiedMark(paths, target, session.image);
      const arrival: TreeArrival = {
        plan,
        session,
        coming,
        isInFiles: (frame) => fromFiles(frame) !== undefined,
        isVerified: (root) => mark.isOf(root),
        settle: async (root) => {
          const settlement = session.settlement ?? { identity: "none", hostname: "", modules: "" };
          if (settlement.identity === "none") return;
          if (!isUpdate) mark.put(root);
          crashPoint("clone.verified");
          await settleCopy(root, settlement, { log: (line) => session.log(line), signal: options.signal, paths });
          crashPoint("clone.settled");
        },
        onProgress: options.onProgress ?? (() => undefined),
        signal: options.signal,
      };
      const written = isUpdate ? await updateTree(arrival) : await fillTree(arrival);
      mark.remove();
      const { bytes } = coming.manifest.tail.counts;
      const { digest } = coming.manifest.tail.tree;
      files = new WrittenFiles(linuxTreeReader(), index, target);
      session.judge({ ok: true, digest, verifiedBytes: bytes, retries: coming.chunks.retries, reason: "" });
      session.log(`verified ${target}`);
      await session.ended;
      const thenStatus = await doThen(options.afterwards ?? { kind: "stay" }, target, (line) => session.log(line));
      return {
        image: session.image,
        directory: target,
        bytes,
        digest,
        retries: coming.chunks.retries,
        resumed: plan.resumes !== undefined,
        thenStatus,
        ...written,
        durationMs: Date.now() - startedAtMs,
      };
    } catch (error) {
      session.judge(failureOf(error as Error, coming));
      // The golden node is told before the connection goes.
      await new Promise((done) => void setTimeout(done, 200));
      throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function failureOf(error: Error, coming: ComingImage | undefined): NodeVerdict {
  const isVerified = error instanceof CopyNotPreparedError;
  const tail = isVerified ? coming?.manifest.tail : undefined;
  return {
    ok: false,
    digest: tail?.tree.digest ?? "",
    verifiedBytes: tail?.counts.bytes ?? 0,
    retries: coming?.chunks.retries ?? 0,
    reason: error.message.slice(0, 500),
  };
}

function planFor(facts: RestoreFacts, image: string, { manifest }: ComingImage, isUpdate: boolean): RestorePlan {
  return planRestore(facts, {
    image,
    path: "",
    intoExisting: isUpdate,
    delete: isUpdate,
    backup: false,
    verify: true,
    neededBytes: manifest.tail.counts.bytes,
  });
}

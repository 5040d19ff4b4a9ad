import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { OnProgress } from "../../core/progress.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import { syncFileSystemLater } from "../../host/file-systems.ts";
import { linuxTreeReader } from "../../host/tree/linux-tree-reader.ts";
import { NodeIndex } from "../../journeys/clone/node/node-index.ts";
import { NodeSession } from "../../journeys/clone/node/node-session.ts";
import { receiveImage, type ComingImage } from "../../journeys/clone/node/receive-image.ts";
import { WrittenFiles } from "../../journeys/clone/node/written-files.ts";
import { defaultPort } from "../../journeys/clone/link/chain-port.ts";
import { parseToken } from "../../journeys/clone/wire/token.ts";
import { RollingCheck } from "../../system/compare/rolling-check.ts";
import type { FileCheckBatch, FileCheckResult } from "../../system/compare/file-check.ts";
import { planRestore, type RestorePlan } from "../../system/restore/plan.ts";
import { runRestore } from "../../system/restore/run.ts";
import { findUnfinished, newStagePath } from "../../system/restore/stage.ts";
import type { RestoreLoss } from "../../system/restore/write-tree.ts";
import { WorkerPool } from "../../workers/pool.ts";
import { realPath } from "../settings/real-path.ts";
import { assertEqual, checkTarget } from "../restore/restore-check.ts";
import { lookAtTarget, restorePorts, tryLock } from "../restore/restore-ports.ts";
import { choosePaths, type Paths } from "../settings/settings.ts";

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
  readonly exec?: (words: readonly string[], onLine: (line: string) => void) => Promise<number>;
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
  readonly losses: readonly RestoreLoss[];
  readonly lossCount: number;
  readonly durationMs: number;
}

/**
 * Joins a session and writes its image into a directory that is absent or empty, while it comes in and is passed on; then reads all
 * of it back. Serves those behind it until the golden node ends the session. The same call after a failure or kill goes on.
 *
 * @throws {SessionRefusedError} @throws {TargetUnsuitableError} @throws {TargetDiffersError}
 */
export async function cloneJoin(directory: string, options: CloneJoinOptions): Promise<CloneJoinResult> {
  const startedAtMs = Date.now();
  const target = realPath(resolve(directory));
  const { stateDirectory } = options.paths ?? choosePaths();
  const work = `${stateDirectory}/clone-nodes/${randomBytes(8).toString("hex")}`;
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
      isFresh: (image) => doneUpTo(image) === undefined,
      fromFiles,
      onLine: options.onLine ?? (() => undefined),
      exec: options.exec,
      signal: options.signal,
    });
    try {
      const coming = await receiveImage(session, index, fromFiles, () => doneUpTo(session.image));
      const plan = planFor(target, newStage, session.image, coming);
      files = new WrittenFiles(linuxTreeReader(), index, plan.root);
      session.log(`writing ${target}`);
      const written = await write(plan, session, coming, options);
      const { bytes } = coming.manifest.tail.counts;
      const { digest } = coming.manifest.tail.tree;
      files = new WrittenFiles(linuxTreeReader(), index, target);
      session.judge({ ok: true, digest, verifiedBytes: bytes, retries: coming.chunks.retries, reason: "" });
      session.log(`verified ${target}`);
      await session.ended;
      return {
        image: session.image,
        directory: target,
        bytes,
        digest,
        retries: coming.chunks.retries,
        resumed: plan.resumes !== undefined,
        ...written,
        durationMs: Date.now() - startedAtMs,
      };
    } catch (error) {
      session.judge({ ok: false, digest: "", verifiedBytes: 0, retries: 0, reason: (error as Error).message });
      // The golden node is told before the connection goes.
      await new Promise((done) => void setTimeout(done, 200));
      throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function planFor(target: string, newStage: string, image: string, { manifest }: ComingImage): RestorePlan {
  return planRestore(lookAtTarget(target, newStage), {
    image,
    path: "",
    intoExisting: false,
    delete: false,
    backup: false,
    verify: true,
    neededBytes: manifest.tail.counts.bytes,
  });
}

async function write(
  plan: RestorePlan,
  session: NodeSession,
  { manifest, chunks }: ComingImage,
  options: CloneJoinOptions,
): ReturnType<typeof runRestore> {
  const onProgress = options.onProgress ?? (() => undefined);
  const { signal } = options;
  const path = "" as TreePath;
  await using pool = new WorkerPool<FileCheckBatch, FileCheckResult[]>("compare-worker", {}, 1);
  const tree = linuxTreeReader();
  await using rolling = new RollingCheck({ tree, pool, root: plan.root, sync: syncFileSystemLater, restMs: 2000 });
  return await runRestore(plan, chunks, restorePorts(), {
    image: session.image,
    manifest,
    path,
    tryLock,
    onProgress,
    signal,
    onWritten: (number, entry, pieces, start) => rolling.wrote({ number, entry, pieces, start }),
    verify: async (root) => {
      await rolling.end();
      session.log("reading back what was written");
      const check = await checkTarget({
        store: { chunks },
        manifest,
        root,
        path,
        fromDevice: true,
        isChecked: (number) => rolling.isChecked(number),
        onProgress,
        signal,
      });
      assertEqual(check.differences, plan.target);
    },
  });
}

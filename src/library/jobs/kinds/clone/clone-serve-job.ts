import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { crashPoint } from "../../../../core/crash-points.ts";
import { InterruptedError } from "../../../../core/errors.ts";
import { parseOperand } from "../../../../core/operand.ts";
import type { Checkpoint, CheckpointContext, JobKind } from "../../../../engine/job-kind.ts";
import { replaceFile } from "../../../../host/replace-file.ts";
import type { SessionNote } from "../../../../journeys/clone/chain/coordinator-events.ts";
import { SessionNotFoundError } from "../../../../journeys/clone/errors.ts";
import { noteLine } from "../../../../journeys/clone/ka-lines.ts";
import { reportNodes, type SessionReport } from "../../../../journeys/clone/session-report.ts";
import { planCaptureOf } from "../../../capture/capture.ts";
import { cloneServeSystem, type ServedSystem } from "../../../clone/golden/serve-system.ts";
import type { CloneServeOptions, CloneServeResult, ServedSession } from "../../../clone/golden/serve-options.ts";
import { cloneServe } from "../../../clone/golden/serve.ts";
import { isServed, keepNodeLine, SessionDoor } from "../../../clone/golden/session-door.ts";
import { sessionDirectory } from "../../../clone/golden/session-place.ts";
import { sessionProgress } from "../../../clone/golden/session-progress.ts";
import { choosePaths, type Paths } from "../../../settings/settings.ts";
import { storePath } from "../../../store/store.ts";
import { fromJson, toJson } from "../../json.ts";
import { choicesOf, runAsJob, type JobOptions } from "../../run-as-job.ts";
import { captureWork, type CaptureParameters, type CaptureWork } from "../images/capture-job.ts";

/** How to serve a session as a job; files are written whoever runs it. */
export interface CloneServeJobOptions
  extends Omit<CloneServeOptions, "onNote" | "onLog" | "rateBytesPerSecond" | keyof JobOptions>, JobOptions {
  readonly rateBytesPerSecond?: number;
  /** Of a system: gitignore patterns of what is left out. */
  readonly excludes?: readonly string[];
  /** Gets the token, 0600, before anyone can join by it. */
  readonly tokenFile?: string;
  /** Get the names of the nodes, at the end. */
  readonly okFile?: string;
  readonly koFile?: string;
  /** Runs commands on nodes that allow it too. */
  readonly allowExec?: boolean;
}

/** Who watches a session of this process. */
export interface SessionWatcher {
  /** Nodes can join. */
  readonly onServing?: (session: ServedSession) => void;
  readonly onNote?: (note: SessionNote) => void;
}

type KeptOptions = Omit<CloneServeJobOptions, "store" | keyof JobOptions>;

/** What a session's job keeps of how it was called; all paths absolute. */
interface CloneServeParameters {
  /** An image; absent where a system is captured. */
  readonly image?: string;
  readonly capture?: CaptureParameters;
  readonly store: string;
  readonly paths: Paths;
  readonly options: KeptOptions;
}

/** The serving of a session as a job: what must survive it is in the session's own state, so a run goes on where the last one died. */
export const cloneServeKind: JobKind = cloneServeKindWith({});

function cloneServeKindWith(watcher: SessionWatcher): JobKind {
  return {
    kind: "clone-serve",
    planVersion: 2,
    checkpoints({ parameters, plan }) {
      const kept = fromJson<CloneServeParameters>(parameters);
      return [serveCheckpoint(kept, kept.capture && captureWork(kept.capture, fromJson(plan)), watcher)];
    },
    hasRate: true,
    insteadOfUndo: () => "Remove the copies on the nodes themselves; each is an ordinary directory.",
  };
}

/**
 * Serves an image, or a system while it is captured (`/`, a directory, `machine:NAME`), to the nodes that join; a job that was killed goes
 * on under the same token, and nodes go on with it.
 *
 * @throws {SessionExistsError} @throws {JobPausedError} @throws {JobCancelledError} And whatever {@link cloneServe} and `capture` throw.
 */
export async function cloneServeAsJob(
  source: string,
  options: CloneServeJobOptions,
  watcher: SessionWatcher = {},
): Promise<SessionReport> {
  const { paths = choosePaths(), store } = options;
  const rest = choicesOf(options);
  const place = storePath({ ...(store !== undefined && { store }), paths });
  const isImage = parseOperand(source).kind === "image";
  const files = { tokenFile: rest.tokenFile, okFile: rest.okFile, koFile: rest.koFile };
  const absolute = Object.entries(files).flatMap(([key, file]) => (file === undefined ? [] : [[key, resolve(file)]]));
  const kept: Omit<CloneServeParameters, "image" | "capture"> = {
    store: place,
    paths,
    options: { ...rest, ...Object.fromEntries(absolute) },
  };
  const planned = isImage ? undefined : await planCaptureOf(source, { ...options, paths, store: place });
  const system = parseOperand(source).kind === "path" ? `${resolve(source)}/` : source;
  const capture: CaptureParameters = {
    system,
    store: place,
    paths,
    options: { ...(options.excludes && { excludes: options.excludes }) },
  };
  const order = {
    title: `serve ${source} as ${options.session}`,
    parameters: toJson({ ...kept, ...(isImage ? { image: source } : { capture }) } satisfies CloneServeParameters),
    plan: planned === undefined ? null : toJson(planned),
  };
  // What a system was like when its capture was planned does not make it another session.
  const isSame: Parameters<typeof runAsJob>[3] = (job, { parameters }) =>
    JSON.stringify(job.parameters) === JSON.stringify(parameters);
  const { result } = await runAsJob(cloneServeKindWith(watcher), order, { ...options, paths }, isSame);
  return fromJson(result);
}

const mostEvents = 10_000;
const progressMs = 500;

type Serve = (options: CloneServeOptions, onServing: (session: ServedSession) => void) => Promise<CloneServeResult>;

/** @param work Of a system, which is captured by the same checkpoint. */
function serveCheckpoint(
  { image, store, paths, options }: CloneServeParameters,
  work: CaptureWork | undefined,
  watcher: SessionWatcher,
): Checkpoint {
  const { session, okFile, koFile } = options;
  return {
    name: "serve",
    title: `Serve session ${session}`,
    weight: 9,
    undo: "removes",
    async run(context) {
      const report = await serve(context);
      for (const [file, ok] of [
        [okFile, true],
        [koFile, false],
      ] as const) {
        const names = report.nodes.flatMap((node) => (node.ok === ok ? [`${node.name}\n`] : []));
        if (file !== undefined) replaceFile(file, names.join(""), true);
      }
      return toJson(report);
    },
    async takeBack(context) {
      if (await isServed(session, paths)) throw new SessionNotFoundError(session, "another process serves it now");
      rmSync(sessionDirectory(paths.stateDirectory, session), { recursive: true, force: true });
      await work?.takeBack(context, "serve");
    },
  };

  async function serve(context: CheckpointContext): Promise<SessionReport> {
    const { onProgress, log, signal } = context;
    const events: SessionNote[] = [];
    using doors = new DisposableStack();
    const started = options.rateBytesPerSecond;
    const wanted = options.settings?.nodes;
    const served = await serverOf(context);
    const { figures, nodes, stopped } = await served(
      {
        ...options,
        store,
        paths,
        signal,
        rateBytesPerSecond() {
          const asked = context.rateBytesPerSecond() ?? started;
          return asked === Infinity ? undefined : asked;
        },
        onNote(note) {
          if (events.length < mostEvents) events.push(note);
          log(noteLine(note));
          watcher.onNote?.(note);
          if (note.kind === "started") crashPoint("clone.started");
        },
        onLog: (node, line) => keepNodeLine(session, node, line, paths),
      },
      (now) => {
        if (options.tokenFile !== undefined) replaceFile(options.tokenFile, `${now.token}\n`, true);
        doors.use(new SessionDoor(session, now, options.allowExec === true, paths));
        const show = (): void => {
          // Until then it is the capture that tells how far it is.
          if (now.image() !== undefined) onProgress(sessionProgress(now.hasStarted(), now.nodes(), wanted));
        };
        const timer = setInterval(show, progressMs);
        doors.defer(() => clearInterval(timer));
        watcher.onServing?.(now);
        crashPoint("clone.serving");
      },
    );
    if (stopped) throw new InterruptedError(`session ${session}`);
    return { session, ...(wanted !== undefined && { wanted }), ...figures, events, nodes: reportNodes(nodes) };
  }

  async function serverOf(context: CheckpointContext): Promise<Serve> {
    if (work === undefined) return (how, onServing) => cloneServe(image ?? "", how, onServing);
    const captured = (await work.findPublished(context))?.name.image;
    const system: ServedSystem = { captured, capture: (captureAs) => work.capture(context, captureAs) };
    return (how, onServing) => cloneServeSystem(system, how, onServing);
  }
}

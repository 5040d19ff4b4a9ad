import { crashPoint } from "../../../core/crash-points.ts";
import type { Manifest } from "../../../core/manifest/manifest.ts";
import type { ImageId } from "../../../image/store/image-names.ts";
import type { ImageStore, OpenImage } from "../../../image/store/image-store.ts";
import { SessionExistsError } from "../../../journeys/clone/errors.ts";
import { GrowingFrames } from "../../../journeys/clone/golden/growing-frames.ts";
import type { CaptureResult } from "../../../system/capture/run.ts";
import type { CaptureWatch } from "../../../system/capture/watch/capture-watch.ts";
import { captureInto, type CaptureAs } from "../../capture/capture.ts";
import { choosePaths } from "../../settings/settings.ts";
import { openOrCreateStore } from "../../store/store.ts";
import { runSession, type SessionSource } from "./run-session.ts";
import type { CloneServeOptions, CloneServeResult, ServedSession } from "./serve-options.ts";
import { openSessionState } from "./session-place.ts";

/** A system that is served. */
export interface ServedSystem {
  /** What an earlier run has captured: that is served then. */
  readonly captured: ImageId | undefined;
  /** Captures it by `captureAs`. */
  capture(captureAs: CaptureAs): Promise<CaptureResult>;
}

/**
 * Serves a system to the nodes that join, while it is captured into the store: they have what is stored of it at once. When this process is
 * lost after the capture, the same call goes on with the session; before, it captures anew under the same token, and nodes start again.
 *
 * @param onServing Called once nodes can join.
 * @throws {SessionExistsError} If a session of that name serves an image. And what `capture` throws.
 */
export async function cloneServeSystem(
  system: ServedSystem,
  options: CloneServeOptions,
  onServing: (session: ServedSession) => void = () => undefined,
): Promise<CloneServeResult> {
  const { stateDirectory } = options.paths ?? choosePaths();
  using store = await openOrCreateStore(options);
  await using kept = new AsyncDisposableStack();
  const keep = async (image: ImageId): Promise<OpenImage> => kept.use(await openById(store, image, options.session));
  const { state, resumed } = openSessionState(stateDirectory, options.session);
  if (!state.isGrowing) throw new SessionExistsError(options.session, state.image);
  const planned = new GrowingFrames(store);
  const known = Promise.withResolvers<Manifest>();
  // Perhaps nobody asks.
  known.promise.catch(() => undefined);
  const source = { store, state, planned, resumed, manifest: () => known.promise };
  const { captured } = system;
  if (captured !== undefined) {
    const { manifest } = await keep(captured);
    known.resolve(manifest);
    await planned.replay(captured, manifest);
    const parts = planned.digest();
    if (state.image !== captured || state.parts !== parts) {
      state.startAgain();
      state.captured(captured, parts);
    }
    return await runSession(source, options, onServing);
  }
  if (resumed) state.startAgain();
  const meanwhile: SessionSource["meanwhile"] = async (session, stop) => {
    planned.onGrown = () => session.grew();
    const { name, manifest } = await system.capture((what, { signal, ...how }, notices) => {
      const both = signal === undefined ? stop : AbortSignal.any([signal, stop]);
      return captureInto(store, what, { ...how, signal: both }, notices, watchFor(planned));
    });
    await keep(name.image);
    await planned.end(name.image, manifest);
    state.captured(name.image, planned.digest());
    crashPoint("clone.captured");
    const { entries, bytes } = manifest.tail.counts;
    options.onNote?.({ kind: "captured", image: name.image, entries, bytes });
    session.grew();
    known.resolve(manifest);
  };
  return await runSession({ ...source, meanwhile }, options, onServing);
}

function openById(store: ImageStore, image: ImageId, session: string): Promise<OpenImage> {
  return store.openImage({ kind: "image", by: { kind: "id", prefix: image } }, `serve session ${session}`);
}

function watchFor(frames: GrowingFrames): CaptureWatch {
  return {
    onHead: (head, estimate) => frames.announce(head, estimate),
    onSegment: (segment, flush) => frames.add(segment, flush),
    // What fails here fails the next segment, or the end.
    onStored: () => void frames.advance().catch(() => undefined),
  };
}
